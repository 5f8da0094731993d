#pragma once
// What operations answer.

#include <drover/acl.h>
#include <drover/bytes.h>
#include <drover/stat.h>

#include <string>
#include <vector>

namespace drover {

// A znode's data. Data that is null on the wire, which is not the same to a server, reads as empty.
struct Node {
  Bytes data;
  Stat stat;
};

// A znode that was made: where, its number included, and its metadata.
struct Created {
  std::string path;
  Stat stat;
};

// Names of children, without the parent's path, in no order.
struct Listing {
  std::vector<std::string> names;
  Stat stat;  // of the parent
};

struct AclListing {
  AclList acls;
  Stat stat;
};

}  // namespace drover
