#include "storage/anchor.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/merkle/merkle.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

constexpr std::string_view kMagic = "TRIBANCH";
constexpr std::size_t kChecksumOffset = kAnchorCopySize - kDigestSize;
constexpr std::array<std::size_t, 2> kCopyOffsets = {0, kAnchorSlotSize - kAnchorCopySize};
static_assert(kAnchorSlotCount * kCopyOffsets.size() == kAnchorCopyCount);

// What one copy says.
struct Image {
  std::uint32_t format_version = kAnchorFormatVersion;
  Digest ledger;
  AnchorHead head;
  std::uint64_t sequence = 0;
  friend bool operator==(const Image&, const Image&) = default;
};

template <typename Integer>
void AppendBigEndian(Integer value, std::string* out) {
  for (std::size_t i = sizeof(value); i-- > 0;) {
    out->push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
  }
}

// Takes the fields of a copy one after the other.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  std::string_view Take(std::size_t size) {
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  template <typename Integer>
  Integer TakeBigEndian() {
    Integer value = 0;
    for (const char byte : Take(sizeof(Integer))) {
      value = static_cast<Integer>(value << 8) | static_cast<unsigned char>(byte);
    }
    return value;
  }
  Digest TakeDigest() { return *Digest::FromBytes(Take(kDigestSize)); }

 private:
  std::string_view bytes_;
};

std::string EncodeCopy(const Image& image) {
  std::string bytes(kMagic);
  AppendBigEndian(image.format_version, &bytes);
  AppendBigEndian(std::uint32_t{0}, &bytes);
  bytes.append(image.ledger.view());
  AppendBigEndian(image.head.epoch, &bytes);
  AppendBigEndian(image.head.tree_size, &bytes);
  bytes.append(image.head.root_hash.view());
  AppendBigEndian(image.sequence, &bytes);
  bytes.resize(kChecksumOffset, '\0');
  bytes.append(Sha256(bytes).view());
  return bytes;
}

std::string EncodeSlot(const Image& image) {
  const std::string copy = EncodeCopy(image);
  std::string slot(kAnchorSlotSize, '\0');
  for (const std::size_t offset : kCopyOffsets) slot.replace(offset, copy.size(), copy);
  return slot;
}

std::size_t SlotOf(std::uint64_t sequence) { return sequence % kAnchorSlotCount; }

// nullopt: the copy is not readable.
std::optional<Image> DecodeCopy(std::string_view bytes) {
  if (bytes.size() != kAnchorCopySize) return std::nullopt;
  if (Sha256(bytes.substr(0, kChecksumOffset)).view() != bytes.substr(kChecksumOffset)) {
    return std::nullopt;
  }
  Cursor cursor(bytes);
  if (cursor.Take(kMagic.size()) != kMagic) return std::nullopt;
  Image image;
  image.format_version = cursor.TakeBigEndian<std::uint32_t>();
  cursor.TakeBigEndian<std::uint32_t>();
  image.ledger = cursor.TakeDigest();
  image.head.epoch = cursor.TakeBigEndian<std::uint64_t>();
  image.head.tree_size = cursor.TakeBigEndian<std::uint64_t>();
  image.head.root_hash = cursor.TakeDigest();
  image.sequence = cursor.TakeBigEndian<std::uint64_t>();
  return image;
}

// The readable copies of one slot, in the order of the file.
std::vector<Image> DecodeSlot(std::string_view file, std::size_t slot) {
  std::vector<Image> images;
  for (const std::size_t copy_offset : kCopyOffsets) {
    const std::size_t offset = slot * kAnchorSlotSize + copy_offset;
    if (offset >= file.size()) continue;
    const auto image = DecodeCopy(file.substr(offset, kAnchorCopySize));
    if (image.has_value()) images.push_back(*image);
  }
  return images;
}

absl::Status Contradiction(const std::string& path, std::string_view what) {
  return absl::DataLossError(StrCat("anchor ", path, ": ", what));
}

absl::Status CheckOrigin(const std::string& path, const Image& image, const Digest& ledger) {
  if (image.format_version != kAnchorFormatVersion) {
    return absl::FailedPreconditionError(StrCat("anchor ", path, ": found format version ",
                                                image.format_version,
                                                "; allowed: ", kAnchorFormatVersion));
  }
  if (image.ledger == ledger) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat("anchor ", path,
                                              ": found the ledger with name digest ",
                                              image.ledger.ToHex(), "; allowed: ", ledger.ToHex()));
}

// The newest copy of a slot: a slot cut while it was written may hold a new copy and an old one.
absl::StatusOr<Image> NewestOfSlot(const std::string& path, const std::vector<Image>& images,
                                   std::size_t slot) {
  Image newest = images.front();
  for (const Image& image : images) {
    if (SlotOf(image.sequence) != slot)
      return Contradiction(path, "a slot stands in another's place");
    if (image.sequence == newest.sequence && image != newest) {
      return Contradiction(path, "two heads have one sequence");
    }
    if (image.sequence > newest.sequence) newest = image;
  }
  return newest;
}

absl::Status CheckFollows(const std::string& path, const Image& older, const Image& newer) {
  const bool follows = newer.sequence == older.sequence + 1 &&
                       newer.head.epoch == older.head.epoch &&
                       newer.head.tree_size >= older.head.tree_size;
  return follows ? absl::OkStatus() : Contradiction(path, "its two heads do not follow each other");
}

}  // namespace

absl::StatusOr<Anchor::State> Anchor::Decode(const std::string& path, const std::string& bytes,
                                             const Digest& ledger) {
  std::optional<Image> newest;
  std::array<std::size_t, kAnchorSlotCount> unreadable_counts{};
  for (std::size_t slot = 0; slot < kAnchorSlotCount; ++slot) {
    const std::vector<Image> images = DecodeSlot(bytes, slot);
    unreadable_counts[slot] = kCopyOffsets.size() - images.size();
    if (images.empty()) continue;
    for (const Image& image : images) {
      TRIBUTARY_RETURN_IF_ERROR(CheckOrigin(path, image, ledger));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const Image found, NewestOfSlot(path, images, slot));
    if (newest.has_value()) {
      const bool is_newer = found.sequence > newest->sequence;
      TRIBUTARY_RETURN_IF_ERROR(
          CheckFollows(path, is_newer ? *newest : found, is_newer ? found : *newest));
      if (!is_newer) continue;
    }
    newest = found;
  }
  if (!newest.has_value()) return Contradiction(path, "no slot is readable");
  State state;
  state.head = newest->head;
  state.sequence = newest->sequence;
  for (const std::size_t count : unreadable_counts) state.unreadable_copy_count += count;
  state.may_be_one_behind = unreadable_counts[SlotOf(newest->sequence + 1)] > 0;
  return state;
}

absl::StatusOr<std::unique_ptr<Anchor>> Anchor::Create(FileIo& io, const std::string& path,
                                                       const Digest& ledger, std::uint64_t epoch) {
  // Renaming would replace a file, so its absence is tested first; the store's lock keeps it true.
  const absl::Status existing = io.Open(path, OpenMode::kRead).status();
  if (existing.ok()) {
    return absl::AlreadyExistsError(StrCat("anchor ", path, ": there is a file"));
  }
  if (!absl::IsNotFound(existing)) return existing;
  Image image;
  image.ledger = ledger;
  image.head = {epoch, 0, EmptyRoot()};
  std::string bytes;
  for (std::uint64_t sequence = 0; sequence < kAnchorSlotCount; ++sequence) {
    image.sequence = sequence;
    bytes += EncodeSlot(image);
  }
  TRIBUTARY_RETURN_IF_ERROR(WriteFileDurably(io, path, bytes));
  return Open(io, path, ledger);
}

absl::StatusOr<std::unique_ptr<Anchor>> Anchor::Open(FileIo& io, const std::string& path,
                                                     const Digest& ledger) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::unique_ptr<File> file, io.Open(path, OpenMode::kReadWrite));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string bytes, file->Read(0, kAnchorFileSize));
  TRIBUTARY_ASSIGN_OR_RETURN(const State state, Decode(path, bytes, ledger));
  TRIBUTARY_RETURN_IF_ERROR(file->SyncData());
  return std::unique_ptr<Anchor>(new Anchor(path, std::move(file), ledger, state));
}

Anchor::Anchor(std::string path, std::unique_ptr<File> file, const Digest& ledger,
               const State& state)
    : path_(std::move(path)),
      ledger_(ledger),
      unreadable_copy_count_(state.unreadable_copy_count),
      may_be_one_behind_(state.may_be_one_behind),
      file_(std::move(file)),
      head_(state.head),
      sequence_(state.sequence) {}

AnchorHead Anchor::head() const {
  std::lock_guard lock(mutex_);
  return head_;
}

absl::Status Anchor::CheckSuccessor(const AnchorHead& head) const {
  if (head.epoch != head_.epoch) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "anchor epoch", StrCat(head.epoch),
                      StrCat(head_.epoch));
  }
  if (head.tree_size < head_.tree_size) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "anchor tree size",
                      StrCat(head.tree_size), StrCat(head_.tree_size, " or more"));
  }
  if (head.tree_size == head_.tree_size && head.root_hash != head_.root_hash) {
    return FieldError(absl::StatusCode::kFailedPrecondition,
                      StrCat("anchor root hash at tree size ", head.tree_size),
                      head.root_hash.ToHex(), head_.root_hash.ToHex());
  }
  return absl::OkStatus();
}

absl::Status Anchor::Advance(const AnchorHead& head) {
  std::lock_guard lock(mutex_);
  if (!failure_.ok()) return failure_;
  TRIBUTARY_RETURN_IF_ERROR(CheckSuccessor(head));
  if (head == head_) return absl::OkStatus();
  const std::uint64_t sequence = sequence_ + 1;
  const std::string slot = EncodeSlot({kAnchorFormatVersion, ledger_, head, sequence});
  absl::Status status = file_->Write(SlotOf(sequence) * kAnchorSlotSize, slot);
  if (status.ok()) status = file_->SyncData();
  if (!status.ok()) {
    failure_ = absl::UnavailableError(
        StrCat("the anchor moves no more until it is opened again: ", status.message()));
    return failure_;
  }
  head_ = head;
  sequence_ = sequence;
  return absl::OkStatus();
}

}  // namespace tributary
