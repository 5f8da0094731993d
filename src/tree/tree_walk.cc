// Walking a Tree that changes between the steps. New children are linked in front of their
// siblings, so a walk never runs after what is created meanwhile, and ends.

#include <algorithm>

#include "tree/tree_impl.h"

namespace drover::tree {

Tree::Walk::Walk(Tree& tree) : Walk(tree, kRoot, kRoot) {}

Tree::Walk::Walk(Tree& tree, NodeId top, NodeId at) : tree_(tree), top_(top), node_(at) {
  tree_.impl_->walks.push_back(this);
}

Tree::Walk::~Walk() {
  std::erase(tree_.impl_->walks, this);
}

void Tree::Walk::advance() {
  if (node_ != kNoNode) node_ = tree_.impl_->next_in_subtree(node_, top_);
}

void Tree::Walk::advance_over() {
  if (node_ != kNoNode) node_ = tree_.impl_->next_after_subtree(node_, top_);
}

}  // namespace drover::tree
