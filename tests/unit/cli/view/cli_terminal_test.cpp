#include <doctest/doctest.h>

#include "cli/view/table.hpp"
#include "cli/view/terminal.hpp"
#include "cli/view/units.hpp"
#include "text/units.hpp"

using namespace bascule;

TEST_CASE("cli: what could steer a terminal is escaped") {
  CHECK(escaped("plain é €") == "plain é €");
  CHECK(escaped("a\033[2Jb") == "a\\x1b[2Jb");
  CHECK(escaped("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(escaped("\xc2\x9b") == "\\xc2\\x9b");           // CSI as a C1 control
  CHECK(escaped("\xe2\x80\xae") == "\\xe2\\x80\\xae");  // right-to-left override
  CHECK(escaped("\xff\xc3") == "\\xff\\xc3");           // no UTF-8
  CHECK(escaped("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
  CHECK(escaped(std::string_view("\0", 1)) == "\\x00");
}

TEST_CASE("cli: text is readable, bytes are not") {
  CHECK(readable(""));
  CHECK(readable("{\"total\": 12.50}\n"));
  CHECK(readable("Müller 🍕"));
  CHECK_FALSE(readable("\x01\x02"));
  CHECK_FALSE(readable("caf\xe9"));
  CHECK(hex("\x01\xab") == "01 ab");
}

TEST_CASE("cli: shortening counts characters, not bytes") {
  CHECK(shortened("éééé", 4) == "éééé");
  CHECK(shortened("ééééé", 4) == "ééé…");
  CHECK(width(shortened("ééééé", 4)) == 4);
}

TEST_CASE("cli: numbers have units that people know") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1'000) == "1,000");
  CHECK(count_text(18'446'744'073'709'551'615u) == "18,446,744,073,709,551,615");
  CHECK(bytes_text(1'023) == "1023 B");
  CHECK(bytes_text(1'024) == "1.0 KiB");
  CHECK(bytes_text(10'189) == "10 KiB");
  CHECK(bytes_text(1'048'575) == "1.0 MiB");
  CHECK(bytes_text(18'446'744'073'709'551'615u) == "16 EiB");
  CHECK(rate_text(0) == "0/s");
  CHECK(rate_text(0.44) == "0.4/s");
  CHECK(rate_text(1'233.6) == "1,234/s");
  CHECK(span_text(-5) == "0 s");
  CHECK(span_text(59.9) == "59 s");
  CHECK(span_text(3'599) == "59 min");
  CHECK(span_text(3'600) == "1 h");
  CHECK(span_text(86'399) == "23 h 59 min");
  CHECK(span_text(446'400) == "5 d 4 h");
}

TEST_CASE("cli: a table aligns columns and lets nothing in a cell disturb it") {
  Table table({{"NAME"}, {"COUNT", Table::Align::right}, {"TEXT"}});
  table.row({"é", "7", "a\nb"});
  table.note({"a note"});
  table.row({"long name", "1,000", ""});
  CHECK(table.text(false) ==
        "NAME       COUNT  TEXT\n"
        "é              7  a\\nb\n"
        "  a note\n"
        "long name  1,000\n");
}

TEST_CASE("cli: colour wraps the words, not the spaces") {
  Table table({{"A"}, {"B"}});
  table.row({{"x", Tone::good}, "yy"});
  CHECK(table.text(true) ==
        "\033[2mA\033[0m  \033[2mB\033[0m\n"
        "\033[32mx\033[0m  yy\n");
}
