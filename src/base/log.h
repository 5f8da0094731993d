#pragma once
// The log as the core sees it: a place for one line per change of state. The server binds spdlog
// behind it; the simulator prints virtual time. Never data or credentials.

#include <fmt/format.h>

#include <string_view>

namespace drover::base {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// error: someone must act. warn: handled but odd. info: role, epoch, session life. debug: per
// message.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const = 0;
  virtual void line(LogLevel level, std::string_view text) = 0;

  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::kDebug, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::kInfo, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::kWarn, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::kError, format, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) line(level, fmt::format(format, std::forward<Args>(args)...));
  }
};

// Discards everything.
class NullLog final : public Log {
 public:
  bool enabled(LogLevel) const override { return false; }
  void line(LogLevel, std::string_view) override {}
};

}  // namespace drover::base
