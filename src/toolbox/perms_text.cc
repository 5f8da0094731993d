#include "toolbox/perms_text.h"

#include <drover/acl.h>

namespace drover::toolbox {

std::string perms_text(std::int32_t bits) {
  std::string text;
  if ((bits & perms::kCreate) != 0) text += 'c';
  if ((bits & perms::kDelete) != 0) text += 'd';
  if ((bits & perms::kRead) != 0) text += 'r';
  if ((bits & perms::kWrite) != 0) text += 'w';
  if ((bits & perms::kAdmin) != 0) text += 'a';
  return text;
}

}  // namespace drover::toolbox
