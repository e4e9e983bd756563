// Sorting and selecting that stop when asked to: ten million lines take std::sort seconds.

#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/cancel.h"
#include "graph/model/status.h"

namespace tributary {
namespace ordering_internal {

// Ranges up to this length are left to the standard library: they take a millisecond or two.
inline constexpr std::size_t kRunCount = 8192;

// Counts steps and looks at the token now and then.
class Watch {
 public:
  explicit Watch(const CancelToken* cancel) : cancel_(cancel) {}
  bool stopped() {
    return ++step_count_ % kCancelCheckInterval == 0 && cancel_ != nullptr && cancel_->cancelled();
  }

 private:
  const CancelToken* cancel_;
  std::size_t step_count_ = 0;
};

template <typename T, typename Less>
T MedianOfThree(const T& a, const T& b, const T& c, const Less& less) {
  const T& low = less(b, a) ? b : a;
  const T& high = less(b, a) ? a : b;
  return less(c, low) ? low : less(high, c) ? high : c;
}

// Hoare's partition, for four values or more: nothing in the first `result` values comes after
// anything in the others, and neither part is empty.
template <typename T, typename Less>
absl::StatusOr<std::size_t> Partition(std::span<T> values, const Less& less,
                                      const CancelToken* cancel) {
  const std::size_t count = values.size();
  // Not from the end: a largest value there would leave the other part empty.
  const T pivot = MedianOfThree(values[0], values[count / 3], values[2 * count / 3], less);
  Watch watch(cancel);
  std::size_t low = 0;
  std::size_t high = count - 1;
  while (true) {
    while (less(values[low], pivot)) {
      ++low;
      if (watch.stopped()) return cancel->status();
    }
    while (less(pivot, values[high])) {
      --high;
      if (watch.stopped()) return cancel->status();
    }
    if (low >= high) return high + 1;
    std::swap(values[low++], values[high--]);
    if (watch.stopped()) return cancel->status();
  }
}

// How often a range may be cut before the standard library takes over, whose worst case is
// n log n: values may be chosen to make every cut a bad one.
inline int CutCountMax(std::size_t count) {
  int cut_count = 8;
  for (; count > 1; count /= 2) cut_count += 2;
  return cut_count;
}

template <typename T, typename Less>
absl::Status Sort(std::span<T> values, const Less& less, const CancelToken* cancel,
                  int cut_count_left) {
  while (values.size() > kRunCount && cut_count_left-- > 0) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t middle, Partition(values, less, cancel));
    std::span<T> shorter = values.first(middle);
    std::span<T> longer = values.subspan(middle);
    if (shorter.size() > longer.size()) std::swap(shorter, longer);
    TRIBUTARY_RETURN_IF_ERROR(Sort(shorter, less, cancel, cut_count_left));
    values = longer;
  }
  if (cancel != nullptr && cancel->cancelled()) return cancel->status();
  std::sort(values.begin(), values.end(), less);
  return absl::OkStatus();
}

}  // namespace ordering_internal

// Sorts in place. `less` is a strict weak order.
// Errors: the token's own (null: never), looked at every few milliseconds; the values are then in
//         some order.
// Cost:   O(n log n), no memory beside one value.
template <typename T, typename Less>
absl::Status SortUnlessCancelled(std::span<T> values, const Less& less, const CancelToken* cancel) {
  using ordering_internal::CutCountMax;
  return ordering_internal::Sort(values, less, cancel, CutCountMax(values.size()));
}

// Puts the first `count` values in front, in order; the others follow in any order.
// Errors as above. Cost: O(n + count log count) on average.
template <typename T, typename Less>
absl::Status SelectUnlessCancelled(std::span<T> values, std::size_t count, const Less& less,
                                   const CancelToken* cancel) {
  count = std::min(count, values.size());
  const std::span<T> selected = values.first(count);
  if (count == 0) return absl::OkStatus();
  // `rest` is where the border between the two lies.
  std::span<T> rest = values;
  std::size_t rest_count = count;
  int cut_count_left = ordering_internal::CutCountMax(values.size());
  while (rest_count > 0 && rest.size() > ordering_internal::kRunCount && cut_count_left-- > 0) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t middle,
                               ordering_internal::Partition(rest, less, cancel));
    if (middle > rest_count) {
      rest = rest.first(middle);
    } else {
      rest = rest.subspan(middle);
      rest_count -= middle;
    }
  }
  const auto border = rest.begin() + static_cast<std::ptrdiff_t>(rest_count);
  if (border != rest.end()) std::nth_element(rest.begin(), border, rest.end(), less);
  return SortUnlessCancelled(selected, less, cancel);
}

}  // namespace tributary
