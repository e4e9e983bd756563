#include "graph/attribution/heaviest_paths.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "graph/attribution/attribution.h"
#include "graph/attribution/proportion.h"
#include "graph/lineage/limits.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

// More than any path weighs.
constexpr Grains kUnreachable = kUint128Max;

// The smallest w with floor(w * weight / denominator) >= need; kUnreachable if no path weighs it.
Grains SmallestArriving(Grains need, std::uint64_t weight, std::uint64_t denominator) {
  if (need == 0) return 0;
  if (weight == 0 || need > kShareGrains) return kUnreachable;
  const Grains whole = need / weight;
  if (whole > kShareGrains / denominator) return kUnreachable;
  const Grains rest = need % weight * denominator;  // below 2^126
  const Grains smallest = whole * denominator + (rest + weight - 1) / weight;
  return smallest <= kShareGrains ? smallest : kUnreachable;
}

class PathFinder {
 public:
  PathFinder(const LineageSubgraph& subgraph, Vertex upstream, std::size_t path_count,
             const PathLimits& limits, const CancelToken* cancel)
      : subgraph_(subgraph),
        upstream_(upstream),
        path_count_(path_count),
        limits_(limits),
        cancel_(cancel) {}

  absl::StatusOr<HeaviestPaths> Run() {
    TRIBUTARY_RETURN_IF_ERROR(FindStops());
    if (stop_of_vertex_[LineageSubgraph::kTarget] == kNoStop) {
      return absl::NotFoundError("no path leads from the target to the upstream asset");
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckLongestPath());
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Grains> weights, LargestWeights());
    HeaviestPaths result;
    TRIBUTARY_RETURN_IF_ERROR(ListAbove(weights.back(), &result.paths));
    std::stable_sort(result.paths.begin(), result.paths.end(),
                     [](const auto& a, const auto& b) { return a.weight > b.weight; });
    TRIBUTARY_RETURN_IF_ERROR(ListExactly(weights.back(), weights.size(), &result.paths));
    for (const WeightedPath& path : result.paths) result.covered += path.weight;
    TRIBUTARY_ASSIGN_OR_RETURN(const AttributionResult attribution,
                               AttributeGrains(subgraph_, kShareGrains, cancel_));
    result.inflow = attribution.inflow(subgraph_, upstream_);
    return result;
  }

 private:
  static constexpr std::uint32_t kNoStop = 0xffff'ffff;

  // A vertex from which a path leads to the upstream asset, with its edges that do. Inputs have
  // smaller indices than what is generated from them; stop 0 is the upstream asset.
  struct Stop {
    Vertex vertex = 0;
    std::uint64_t denominator = 1;
    std::size_t legs_begin = 0;
    std::size_t legs_end = 0;
  };
  struct Leg {
    std::uint32_t input_stop = 0;
    std::uint64_t weight = 0;
  };

  std::span<const Leg> LegsOf(const Stop& stop) const {
    return std::span(legs_).subspan(stop.legs_begin, stop.legs_end - stop.legs_begin);
  }

  absl::Status FindStops() {
    stop_of_vertex_.assign(subgraph_.vertex_count(), kNoStop);
    stop_of_vertex_[upstream_] = 0;
    stops_.push_back({.vertex = upstream_});
    const auto order = subgraph_.topological_order();
    for (auto index = order.rbegin(); index != order.rend(); ++index) {
      const LineageSubgraph::Derivation& derivation = subgraph_.derivations()[*index];
      if (derivation.vertex != upstream_) TRIBUTARY_RETURN_IF_ERROR(AddStop(derivation));
    }
    return absl::OkStatus();
  }

  absl::Status AddStop(const LineageSubgraph::Derivation& derivation) {
    Stop stop{derivation.vertex, derivation.view.denominator, legs_.size(), legs_.size()};
    const auto inputs = subgraph_.edge_targets(derivation);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (i % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::uint32_t input_stop = stop_of_vertex_[inputs[i]];
      if (input_stop != kNoStop) legs_.push_back({input_stop, derivation.view.edges->weight(i)});
    }
    stop.legs_end = legs_.size();
    if (stop.legs_end == stop.legs_begin) return absl::OkStatus();
    stop_of_vertex_[derivation.vertex] = static_cast<std::uint32_t>(stops_.size());
    stops_.push_back(stop);
    return absl::OkStatus();
  }

  absl::Status CheckLongestPath() {
    std::vector<std::size_t> longest(stops_.size());
    for (std::size_t s = 1; s < stops_.size(); ++s) {
      for (const Leg& leg : LegsOf(stops_[s])) {
        TRIBUTARY_RETURN_IF_ERROR(Look());
        longest[s] = std::max(longest[s], longest[leg.input_stop] + 1);
      }
    }
    const std::size_t edge_count = longest[stop_of_vertex_[LineageSubgraph::kTarget]];
    if (edge_count <= limits_.path_edge_count_max) return absl::OkStatus();
    return LimitMet("path_edge_count_max", edge_count, limits_.path_edge_count_max);
  }

  // Of one leg: looks at the token now and then.
  absl::Status Look() {
    return ++look_count_ % kCancelCheckInterval == 0 ? CheckCancelled(cancel_) : absl::OkStatus();
  }

  absl::Status Spend(std::uint64_t work) {
    work_ += work;
    if (work_ > limits_.path_work_max) {
      return LimitMet("path_work_max", work_, limits_.path_work_max);
    }
    return CheckCancelled(cancel_);
  }

  // Step 1: the weights of the heaviest paths, descending, at least one.
  absl::StatusOr<std::vector<Grains>> LargestWeights() {
    std::vector<std::vector<Grains>> largest(stops_.size());
    const std::uint32_t target = stop_of_vertex_[LineageSubgraph::kTarget];
    largest[target] = {kShareGrains};
    for (std::size_t s = target; s > 0; --s) {
      const std::vector<Grains> weights = std::exchange(largest[s], {});
      TRIBUTARY_RETURN_IF_ERROR(Spend(weights.size() * std::uint64_t{LegsOf(stops_[s]).size()}));
      std::vector<Proportion> proportions;
      for (const Grains weight : weights) proportions.emplace_back(weight, stops_[s].denominator);
      for (const Leg& leg : LegsOf(stops_[s])) {
        TRIBUTARY_RETURN_IF_ERROR(Look());
        MergeLargest(proportions, leg.weight, &largest[leg.input_stop]);
      }
    }
    return std::move(largest[0]);
  }

  // Merges the floors, which descend as the weights did, into the descending `largest`.
  void MergeLargest(const std::vector<Proportion>& proportions, std::uint64_t weight,
                    std::vector<Grains>* largest) const {
    std::vector<Grains> arriving;
    for (const Proportion& proportion : proportions) arriving.push_back(proportion.Floor(weight));
    std::vector<Grains> merged(arriving.size() + largest->size());
    std::merge(arriving.begin(), arriving.end(), largest->begin(), largest->end(), merged.begin(),
               std::greater<>());
    if (merged.size() > path_count_) merged.resize(path_count_);
    *largest = std::move(merged);
  }

  // Step 2: per stop, the smallest weight that still arrives upstream with `weight_min`.
  absl::StatusOr<std::vector<Grains>> Needs(Grains weight_min) {
    std::vector<Grains> needs(stops_.size(), kUnreachable);
    needs[0] = weight_min;
    for (std::size_t s = 1; s < stops_.size(); ++s) {
      for (const Leg& leg : LegsOf(stops_[s])) {
        TRIBUTARY_RETURN_IF_ERROR(Look());
        needs[s] = std::min(
            needs[s], SmallestArriving(needs[leg.input_stop], leg.weight, stops_[s].denominator));
      }
    }
    return needs;
  }

  // Step 3, first all heavier paths, then the smallest sequences among the equal ones.
  absl::Status ListAbove(Grains weight, std::vector<WeightedPath>* paths) {
    return Walk(weight + 1, [&](WeightedPath path) {
      paths->push_back(std::move(path));
      return true;
    });
  }

  absl::Status ListExactly(Grains weight, std::size_t count, std::vector<WeightedPath>* paths) {
    return Walk(weight, [&](WeightedPath path) {
      if (path.weight == weight) paths->push_back(std::move(path));
      return paths->size() < count;
    });
  }

  // A place on the path being walked, and how it continues.
  struct Step {
    std::uint32_t stop;
    Grains weight;
    Proportion proportion;
    std::size_t next_leg;
  };

  Step MakeStep(std::uint32_t stop, Grains weight) const {
    return {stop, weight, Proportion(weight, stops_[stop].denominator), stops_[stop].legs_begin};
  }

  // Gives every path of at least `weight_min` to `visit`, in the order of sequences, until it
  // returns false.
  template <typename Visit>
  absl::Status Walk(Grains weight_min, Visit visit) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Grains> needs, Needs(weight_min));
    const std::uint32_t target = stop_of_vertex_[LineageSubgraph::kTarget];
    if (kShareGrains < needs[target]) return absl::OkStatus();
    std::vector<Step> steps = {MakeStep(target, kShareGrains)};
    while (!steps.empty()) {
      if (steps.back().stop == 0 && !visit(PathOf(steps))) return absl::OkStatus();
      TRIBUTARY_RETURN_IF_ERROR(Advance(needs, &steps));
    }
    return absl::OkStatus();
  }

  // Goes one edge on where one leads far enough, else one back.
  absl::Status Advance(const std::vector<Grains>& needs, std::vector<Step>* steps) {
    Step& last = steps->back();
    const std::size_t legs_begin = last.next_leg;
    while (last.next_leg < stops_[last.stop].legs_end) {
      const Leg& leg = legs_[last.next_leg++];
      const Grains weight = last.proportion.Floor(leg.weight);
      if (weight < needs[leg.input_stop]) continue;
      const absl::Status spent = Spend(last.next_leg - legs_begin);
      steps->push_back(MakeStep(leg.input_stop, weight));
      return spent;
    }
    const absl::Status spent = Spend(last.next_leg - legs_begin);
    steps->pop_back();
    return spent;
  }

  WeightedPath PathOf(const std::vector<Step>& steps) const {
    WeightedPath path;
    for (const Step& step : steps) path.vertices.push_back(stops_[step.stop].vertex);
    path.weight = steps.back().weight;
    return path;
  }

  const LineageSubgraph& subgraph_;
  const Vertex upstream_;
  const std::size_t path_count_;
  const PathLimits& limits_;
  const CancelToken* cancel_;
  std::vector<std::uint32_t> stop_of_vertex_;
  std::vector<Stop> stops_;
  std::vector<Leg> legs_;
  std::uint64_t work_ = 0;
  std::size_t look_count_ = 0;
};

}  // namespace

absl::StatusOr<HeaviestPaths> FindHeaviestPaths(const LineageSubgraph& subgraph, Vertex upstream,
                                                std::size_t path_count, const PathLimits& limits,
                                                const CancelToken* cancel) {
  if (path_count == 0 || path_count > limits.path_count_max) {
    return InvalidField("path_count", StrCat(path_count), StrCat("1 to ", limits.path_count_max));
  }
  if (upstream >= subgraph.vertex_count()) {
    return InvalidField("upstream", StrCat("vertex ", upstream), "a vertex of the subgraph");
  }
  return PathFinder(subgraph, upstream, path_count, limits, cancel).Run();
}

}  // namespace tributary
