#pragma once
// The four-letter words and who may use them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::admin {

#define DROVER_FOUR_LETTER_WORDS(X) \
  X(conf)                           \
  X(cons)                           \
  X(crst)                           \
  X(dirs)                           \
  X(dump)                           \
  X(envi)                           \
  X(gtmk)                           \
  X(hash)                           \
  X(isro)                           \
  X(mntr)                           \
  X(ruok)                           \
  X(srst)                           \
  X(srvr)                           \
  X(stat)                           \
  X(stmk)                           \
  X(wchc)                           \
  X(wchp)                           \
  X(wchs)

// kTelnetClose is FF F4 FF FD, what telnet sends on interrupt: known only so as not to be a packet
// length.
enum class Word : std::uint8_t {
#define DROVER_ENUMERATOR(word) word,
  DROVER_FOUR_LETTER_WORDS(DROVER_ENUMERATOR)
#undef DROVER_ENUMERATOR
      kTelnetClose,
};

// The word that the first four bytes of a connection are; nullopt: they are a packet's length.
[[nodiscard]] std::optional<Word> word_of(std::string_view first_four_bytes);
[[nodiscard]] std::string_view name_of(Word word);
// stmk alone is followed by something: the new mask, big-endian.
inline constexpr std::size_t kTraceMaskBytes = 8;

// 4lw.commands.whitelist: a comma list, `*` for all.
class Whitelist {
 public:
  // srvr always; isro when the server may be read-only.
  explicit Whitelist(std::string_view comma_list, bool read_only_enabled = false);
  [[nodiscard]] bool allows(Word word) const {
    return allowed_ >> static_cast<unsigned>(word) & 1U;
  }

 private:
  std::uint32_t allowed_ = 0;
};

// What a word that is not allowed gets.
[[nodiscard]] std::string not_whitelisted(Word word);

}  // namespace drover::admin
