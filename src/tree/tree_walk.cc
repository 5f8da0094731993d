// Walking a Tree that changes between the steps. New children are linked in front of their
// siblings, so a walk never runs after what is created meanwhile, and ends.

#include <algorithm>

#include "tree/tree_impl.h"

namespace drover::tree {

Tree::Walk::Walk(Tree& tree) : tree_(tree) {
  tree_.impl_->walks.push_back(this);
}

Tree::Walk::~Walk() {
  std::erase(tree_.impl_->walks, this);
}

void Tree::Walk::advance() {
  if (node_ != kNoNode) node_ = tree_.impl_->next_in_subtree(node_, kRoot);
}

}  // namespace drover::tree
