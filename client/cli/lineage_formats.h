// A collected lineage as text: a tree for people, DOT and GraphML for other programs.

#pragma once

#include <string>

#include "client/cli/walk.h"

namespace tributary::cli {

// Lines of the tree that are shown; a repeated subtree is shown once, yet a wide graph is long.
inline constexpr std::size_t kTreeLinesMax = 1'000;

// One line an asset below what it was made into, with role and weight; a subtree that was shown
// above is marked and not shown again.
std::string FormatTree(const Walk& walk, bool is_utf8);

// Graphviz. Edges run from inputs to what was made of them.
std::string FormatDot(const Walk& walk);

// GraphML, with kind and name on nodes, role, weight and denominator on edges.
std::string FormatGraphMl(const Walk& walk);

}  // namespace tributary::cli
