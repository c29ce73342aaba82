#include "journal/store/table/session/seen_table.hpp"

namespace bascule {

void SeenTable::each(const std::function<void(std::string_view, SequenceSet)>& visit) {
  database_.prepared("SELECT source, ranges FROM seen").bind().each([&](const Statement& row) {
    visit(row.text(0), SequenceSet::decode(row.blob(1)));
  });
}

void SeenTable::save(const std::string& source, const SequenceSet& ranges) {
  const std::string bytes = ranges.encode();
  database_.prepared("INSERT OR REPLACE INTO seen VALUES(?1, ?2)").run(source, Blob{bytes});
}

}  // namespace bascule
