// Samples and random content of the records of sales and statements, part of SampleRecords() and
// RandomRecord().

#pragma once

#include <vector>

#include "tests/graph/model/sample_records.h"

namespace tributary::test {

std::vector<SampleRecord> SettlementSamples();
RecordBody RandomSettlementBody(Rng& rng);

}  // namespace tributary::test
