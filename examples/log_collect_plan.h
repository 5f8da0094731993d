#pragma once
// The part of log_collect.cc that knows nothing of ZooKeeper: who collects from whom, and how that
// is written.

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace log_collect {

using Names = std::vector<std::string>;

struct Assignment {
  using Sources = std::map<std::string, Names>;  // by collector

  Sources sources;
  std::map<std::string, std::int32_t> versions;  // of the collectors' znodes
};

inline std::string to_json(const Names& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "\"" : ",\"") + name + "\"";
  return "[" + text + "]";
}

// Of what to_json() wrote: no id has a quote in it, so every second piece between quotes is one.
inline Names from_json(std::string_view text) {
  Names names;
  for (auto start = text.find('"'); start != text.npos; start = text.find('"', start)) {
    const auto end = text.find('"', start + 1);
    if (end == text.npos) break;
    names.emplace_back(text.substr(start + 1, end - start - 1));
    start = end + 1;
  }
  return names;
}

// Every source to one collector, evenly; each stays where it was if that can be. (The other way
// round, with the sources dealt out anew each time, one collector that comes would move them all.)
inline Assignment::Sources plan(const Assignment::Sources& before, const Names& collectors,
                                const Names& sources) {
  Assignment::Sources plan;
  if (collectors.empty()) return plan;
  std::set<std::string> unassigned(sources.begin(), sources.end());
  for (const auto& id : collectors) {
    const auto old = before.find(id);
    plan[id] = old == before.end() ? Names() : old->second;
    std::erase_if(plan[id], [&](const auto& name) { return unassigned.erase(name) == 0; });
  }
  const auto size = [](const auto& entry) { return entry.second.size(); };
  for (const auto& name : unassigned) {
    std::ranges::min_element(plan, {}, size)->second.push_back(name);
  }
  for (;;) {
    auto [fewest, most] = std::ranges::minmax_element(plan, {}, size);
    if (size(*most) <= size(*fewest) + 1) break;
    fewest->second.push_back(most->second.back());
    most->second.pop_back();
  }
  for (auto& [id, names] : plan) std::ranges::sort(names);
  return plan;
}

}  // namespace log_collect
