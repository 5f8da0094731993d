#pragma once
// What the terminal can show: colours only where there is one and nobody forbade them (NO_COLOR),
// drawn lines only where the character set has them.

#include <string>
#include <string_view>

namespace drover::shell {

enum class Colour { kBold, kDim, kRed, kGreen, kYellow, kBlue };

class Screen {
 public:
  // Of standard output, asked once.
  static const Screen& instance();

  [[nodiscard]] std::string in(Colour colour, std::string_view text) const;
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }
  [[nodiscard]] bool has_unicode() const { return has_unicode_; }
  // Lines and columns now; 24 x 80 where nobody knows.
  struct Size {
    int lines = 24;
    int columns = 80;
  };
  [[nodiscard]] static Size size();

 private:
  Screen();

  bool is_terminal_;
  bool has_colours_;
  bool has_unicode_;
};

}  // namespace drover::shell
