// PersistentNode, with `ttl_ms` PersistentTtlNode; and GroupMember.

#include <drover/recipes/group_member.h>
#include <drover/recipes/persistent_node.h>

#include "client_subject.h"
#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

class PersistentNodeSubject : public Subject {
 public:
  explicit PersistentNodeSubject(const Making& making)
      : node_(making.client, making.request.text("path"),
              to_mode(making.request.text("mode", "EPHEMERAL")), making.request.bytes("data"),
              {.protect = making.request.flag("protect")}) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "start") {
      value_or_throw(node_.start());
      return json::string(value_or_throw(node_.wait_created(std::chrono::seconds(30), block)));
    }
    if (op == "path") return json::string(node_.path());
    if (op == "set") {
      value_or_throw(node_.set(request.bytes("data"), block));
    } else if (op == "close") {
      value_or_throw(node_.close(block));
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  drover::PersistentNode node_;
};

class PersistentTtlNodeSubject : public Subject {
 public:
  explicit PersistentTtlNodeSubject(const Making& making)
      : node_(making.client, making.request.text("path"),
              std::chrono::milliseconds(making.request.number("ttl_ms")),
              making.request.bytes("data")) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "start") {
      value_or_throw(node_.start());
      value_or_throw(node_.wait_created(std::chrono::seconds(30), block));
    } else if (op == "set") {
      value_or_throw(node_.set(request.bytes("data"), block));
    } else if (op == "close") {
      value_or_throw(node_.close(block));
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  drover::PersistentTtlNode node_;
};

drover::GroupMember make_member(const Making& making) {
  const std::string path = making.request.text("path");
  const std::string id = making.request.text("id");
  if (!making.request.has("data")) return {making.client, path, id};
  return {making.client, path, id, making.request.bytes("data")};
}

class GroupSubject : public Subject {
 public:
  explicit GroupSubject(const Making& making) : member_(make_member(making)) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "members") {
      json::object members;
      for (const auto& [id, data] : member_.members()) members[id] = to_hex(data);
      return members;
    }
    if (op == "start") {
      value_or_throw(member_.start(block));
    } else if (op == "set") {
      value_or_throw(member_.set_payload(request.bytes("data"), block));
    } else if (op == "close") {
      value_or_throw(member_.close(block));
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  drover::GroupMember member_;
};

}  // namespace

Made make_persistent_node(const Making& making) {
  if (making.request.has("ttl_ms")) return std::make_shared<PersistentTtlNodeSubject>(making);
  return std::make_shared<PersistentNodeSubject>(making);
}
Made make_group(const Making& making) {
  return std::make_shared<GroupSubject>(making);
}

}  // namespace peer
