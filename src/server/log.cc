#include "server/log.h"

#include <pthread.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace drover::server {

namespace {

thread_local std::string this_thread_name = "main";

class ThreadName final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    out.append(this_thread_name.data(), this_thread_name.data() + this_thread_name.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<ThreadName>();
  }
};

// Logback's %-5p.
class Level final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string_view text = message.level == spdlog::level::err     ? "ERROR"
                                  : message.level == spdlog::level::warn  ? "WARN "
                                  : message.level == spdlog::level::debug ? "DEBUG"
                                                                          : "INFO ";
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Level>();
  }
};

spdlog::level::level_enum level_of(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kDebug:
      return spdlog::level::debug;
    case base::LogLevel::kInfo:
      return spdlog::level::info;
    case base::LogLevel::kWarn:
      return spdlog::level::warn;
    case base::LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

class SpdLog final : public base::Log {
 public:
  explicit SpdLog(base::LogLevel level)
      : logger_("drover", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<ThreadName>('*').add_flag<Level>('&');
    formatter->set_pattern("%Y-%m-%d %H:%M:%S,%e [myid:] - %& [%*:drover@0] - %v");
    logger_.set_formatter(std::move(formatter));
    logger_.set_level(level_of(level));
    logger_.flush_on(spdlog::level::debug);
  }
  [[nodiscard]] bool enabled(base::LogLevel level) const override {
    return logger_.should_log(level_of(level));
  }
  void line(base::LogLevel level, std::string_view text) override {
    logger_.log(level_of(level), spdlog::string_view_t(text.data(), text.size()));
  }

 private:
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<base::Log> make_log(base::LogLevel level) {
  return std::make_unique<SpdLog>(level);
}

void name_this_thread(const std::string& name) {
  this_thread_name = name;
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace drover::server
