// Property: no payload of a row, however damaged, does worse than give nothing.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/model/check.h"
#include "storage/log_tree.h"
#include "storage/row_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  DecodeHead(payload);
  DecodeLogEntry(payload);
  DecodeAssetState(payload);
  DecodeVersionHead(payload);
  DecodePosition(payload);
  DecodePositionList(payload);
  DecodeAscending(payload);
  DecodePoolHead(payload);
  DecodeTile(payload);
  const auto derivation = DecodeDerivation(payload);
  if (derivation.has_value()) {
    TRIBUTARY_CHECK(derivation->edges.inputs.size() == derivation->edges.cumulative_weights.size());
  }
  EdgeList list;
  if (DecodeEdgeChunk(payload, &list).has_value()) {
    TRIBUTARY_CHECK(list.roles.size() == list.count() && list.bases.size() == list.count());
  }
  return 0;
}
