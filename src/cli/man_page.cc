#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "server/config_keys.h"
#include "server/key_notes.h"

namespace drover::cli {

namespace {

struct Section {
  std::string heading;
  std::string body;  // roff
};

struct Footer {
  std::string usage;
  std::string description;  // roff
  std::vector<Section> sections;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::toupper(c); });
  return result;
}

bool has_margin(std::string_view line) {
  return line.starts_with("  ");
}

std::string verbatim(const std::vector<std::string_view>& lines, std::size_t first,
                     std::size_t last) {
  std::string out = ".PP\n.nf\n.RS 2\n";
  for (std::size_t i = first; i < last; ++i) out += roff_escaped(lines[i].substr(2)) + "\n";
  return out + ".RE\n.fi\n";
}

// One paragraph: no empty line in it.
void take_paragraph(const std::vector<std::string_view>& lines, Footer& footer) {
  const auto margin = std::ranges::find_if(lines, has_margin);
  const auto split = static_cast<std::size_t>(margin - lines.begin());
  constexpr std::size_t kHeadingMax = 40;
  if (split == 1 && lines.size() > 1 &&
      lines[0].size() <= kHeadingMax) {  // a heading and what it heads
    std::string_view heading = lines[0];
    if (heading.ends_with(':')) heading.remove_suffix(1);
    footer.sections.push_back({upper(heading), verbatim(lines, 1, lines.size())});
    return;
  }
  std::string prose;
  for (std::size_t i = 0; i < split; ++i) prose += (i == 0 ? "" : " ") + std::string(lines[i]);
  constexpr std::string_view kUsage = "Usage: ";
  constexpr std::string_view kExitCodes = "Exit codes: ";
  if (prose.starts_with(kUsage)) {
    footer.usage = prose.substr(kUsage.size());
    return;
  }
  if (prose.starts_with(kExitCodes)) {
    footer.sections.push_back(
        {"EXIT STATUS", roff_escaped(prose.substr(kExitCodes.size())) + "\n"});
    return;
  }
  if (!prose.empty()) footer.description += ".PP\n" + roff_escaped(prose) + "\n";
  if (split < lines.size()) footer.description += verbatim(lines, split, lines.size());
}

Footer parse_footer(std::string_view text) {
  Footer footer;
  std::vector<std::string_view> paragraph;
  for (const auto line : lines_of(text)) {
    if (!line.empty()) {
      paragraph.push_back(line);
    } else if (!paragraph.empty()) {
      take_paragraph(std::exchange(paragraph, {}), footer);
    }
  }
  if (!paragraph.empty()) take_paragraph(paragraph, footer);
  return footer;
}

bool is_shown(const CLI::Option* option) {
  return !option->get_group().empty();
}

std::vector<const CLI::App*> commands_below(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* below) { return !below->get_group().empty(); });
}

int depth(const CLI::App& command) {
  return command.get_parent() == nullptr ? 0 : depth(*command.get_parent()) + 1;
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

std::string synopsis(const CLI::App& command, const std::string& usage) {
  if (!usage.empty()) return ".B " + roff_escaped(usage) + "\n";
  std::string words = "\\fB" + roff_escaped(full_name(command)) + "\\fR [\\fIoptions\\fR]";
  for (const CLI::Option* option : command.get_options(is_shown)) {
    if (!option->get_positional()) continue;
    std::string name = "\\fI" + roff_escaped(option->get_name(true)) + "\\fR";
    if (option->get_items_expected_max() > 1) name += " ...";
    words += option->get_required() ? " " + name : " [" + name + "]";
  }
  if (!commands_below(command).empty()) words += " \\fIcommand\\fR ...";
  return words + "\n";
}

std::string option_list(const CLI::App& command) {
  std::string out;
  for (const CLI::Option* option : command.get_options(is_shown)) {
    const bool is_known = option == command.get_help_ptr() && depth(command) > 1;
    if (is_known) continue;
    const bool positional = option->get_positional();
    const std::string name = option->get_name(positional, !positional);
    out += ".TP\n\\fB" + roff_escaped(name) + "\\fR";
    if (!positional && option->get_items_expected_max() > 0) {
      out += " \\fI" + roff_escaped(option->get_type_name()) + "\\fR";
    }
    out += "\n" + roff_escaped(option->get_description());
    if (!option->get_default_str().empty()) {
      out += fmt::format(" (default {})", roff_escaped(option->get_default_str()));
    }
    out += "\n";
  }
  return out;
}

// Commands below another are parts of its page: what they do, their options, their examples. A
// footer that came down from above, and --help, have been there already.
void append_command(const CLI::App& command, std::string& out) {
  const bool inherited = command.get_footer() == command.get_parent()->get_footer();
  const Footer footer = inherited ? Footer{} : parse_footer(command.get_footer());
  out += fmt::format(".SS {}\n", roff_escaped(full_name(command)));
  out += synopsis(command, footer.usage);
  out += ".PP\n" + roff_escaped(command.get_description()) + "\n" + footer.description;
  out += option_list(command);
  for (const auto& [heading, body] : footer.sections) {
    out += fmt::format(".PP\n\\fI{}\\fR\n{}", roff_escaped(heading),
                       body.starts_with('.') ? body : ".PP\n" + body);
  }
  for (const CLI::App* below : commands_below(command)) append_command(*below, out);
}

// Long forms without a blank may go on in the next line between two brackets.
std::string breakable(std::string text) {
  constexpr std::string_view kBetween = "][";
  for (auto at = text.find(kBetween); at != std::string::npos; at = text.find(kBetween, at + 1)) {
    text.insert(at + 1, "\\:");
  }
  return text;
}

// What it is for, what is allowed, and what holds without it.
std::string key_text(const server::Key& key) {
  const std::string allowed = breakable(roff_escaped(key.allowed));
  const server::KeyNote* note = server::note_of(key.name);
  if (note == nullptr) return allowed + ".";
  std::string text = fmt::format("{}.\n.br\nAllowed: {}.", roff_escaped(note->meaning), allowed);
  if (!note->default_value.empty()) {
    text += fmt::format(" Default: {}.", roff_escaped(note->default_value));
  }
  return text;
}

std::string page_head(const ManPage& page, std::string_view what) {
  return fmt::format(".TH \"{}\" \"{}\" \"\" \"{}\" \"Drover\"\n.ad l\n.nh\n.SH NAME\n{} \\- {}\n",
                     upper(page.name), page.section, page.version, roff_escaped(page.name),
                     roff_escaped(what));
}

}  // namespace

std::string roff_escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool at_line_start = i == 0 || text[i - 1] == '\n';
    if (at_line_start && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    switch (text[i]) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

std::string man_page(const CLI::App& command, const ManPage& page) {
  const Footer footer = parse_footer(command.get_footer());
  std::string out = page_head(page, command.get_description());
  out += ".SH SYNOPSIS\n" + synopsis(command, footer.usage);
  out += ".SH DESCRIPTION\n" + roff_escaped(command.get_description()) + ".\n" + footer.description;
  const bool lists_options_itself = std::ranges::any_of(
      footer.sections, [](const Section& each) { return each.heading.starts_with("OPTIONS"); });
  if (!lists_options_itself) out += ".SH OPTIONS\n" + option_list(command);
  const auto below = commands_below(command);
  if (!below.empty()) out += ".SH COMMANDS\n";
  for (const CLI::App* each : below) {
    if (command.get_parent() == nullptr) {  // they have pages of their own
      out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff_escaped(each->get_name()),
                         roff_escaped(each->get_description()));
    } else {
      append_command(*each, out);
    }
  }
  for (const auto& [heading, body] : footer.sections) {
    out += fmt::format(".SH {}\n{}", roff_escaped(heading), body);
  }
  if (!page.topics.empty()) out += ".SH " + roff_escaped(page.topics_heading) + "\n";
  for (const auto& [heading, text] : page.topics) {
    out += fmt::format(".SS {}\n.nf\n{}\n.fi\n", roff_escaped(heading), roff_escaped(text));
  }
  if (command.get_parent() != nullptr) out += ".SH SEE ALSO\n.BR drover (1),\n.BR zoo.cfg (5)\n";
  return out;
}

std::string config_page(const ManPage& page) {
  std::string out = page_head(page, "configuration of a Drover or ZooKeeper server");
  out +=
      ".SH DESCRIPTION\n"
      "Java properties: a key, then =, : or a blank, then its value; # and ! begin comments, a "
      "backslash "
      "at the end joins lines, of two equal keys the last counts. dataDir and clientPort are "
      "required, "
      "everything else has a default. A value that is not allowed stops the start with file, line "
      "and "
      "key; a key that means nothing here is named in a warning. Every key may be given on the "
      "command "
      "line of the server too, as \\-Dzookeeper.key=value; the file overrides it.\n"
      ".SH EXAMPLES\n.nf\n.RS 2\n"
      "dataDir=/var/lib/zookeeper\nclientPort=2181\ntickTime=2000\n"
      "initLimit=10\nsyncLimit=5\nserver.1=zoo1:2888:3888\nserver.2=zoo2:2888:3888\n"
      "server.3=zoo3:2888:3888\n.RE\n.fi\n"
      ".SH KEYS\n";
  std::string ignored;
  for (const server::Key& key : server::config_keys()) {
    const bool means_something = key.why_ignored.empty();
    (means_something ? out : ignored) +=
        fmt::format(".TP\n\\fB{}{}\\fR\n{}\n", roff_escaped(key.name), key.prefix ? "*" : "",
                    means_something ? key_text(key) : roff_escaped(key.why_ignored));
  }
  out += ".SH KEYS WITHOUT MEANING HERE\nKnown, and passed over with a warning.\n" + ignored;
  return out + ".SH SEE ALSO\n.BR drover\\-serve (8),\n.BR drover (1)\n";
}

}  // namespace drover::cli
