#include "crossing/repeat_news.hpp"

#include <spdlog/spdlog.h>

#include "log.hpp"
#include "text/words.hpp"

namespace bascule {

void RepeatNews::noticed(const RepeatNotice& notice, std::uint64_t count) const {
  LogFields fields{{"event", word_of(repeat_words, notice.kind)},
                   {"link", link_},
                   {"source", notice.source},
                   {"topic", notice.topic}};
  fields.add("count", count);
  if (notice.kind == RepeatKind::looped) {
    spdlog::warn(
        "{}: {} of what had been forwarded came back and was dropped, last '{}', stamped by {}; "
        "'bascule journal repeats' counts them",
        link_, count, notice.topic, notice.source);
    events_.looped(link_, notice.source, notice.topic, count);
  } else {
    spdlog::info(
        "{}: {} messages bore the stamp of another one (of {}), which was taken off, last '{}'; "
        "'bascule journal repeats' counts them",
        link_, count, notice.source, notice.topic);
  }
}

}  // namespace bascule
