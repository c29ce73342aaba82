// A season of shows, played with the site's own rules: is what a sale's risk promises what comes of
// it? Each show has a rate at which the others sell, which the site does not know; they sell by
// chance (Poisson), the site watches for a while, its line is cut, it is asked once. The sale is
// oversold if the others have sold by then what it counted on. Prints a table, and with a file's
// name draws it as SVG. Also: what each rule would have sold, and oversold.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "oversell/ladder/ladder.hpp"

namespace {

using namespace bascule::oversell;

constexpr int shows = 200'000;
constexpr int tenths = 10;

struct Show {
  Situation situation;
  std::int64_t others = 0;  // sold while the line was cut
};

std::vector<Show> season() {
  std::mt19937_64 random(2026);
  const auto real = [&](double from, double to) {
    return std::uniform_real_distribution<double>(from, to)(random);
  };
  std::vector<Show> list(shows);
  for (auto& show : list) {
    // Most shows sell slowly, a few very fast.
    const double per_hour = std::exp(real(std::log(.2), std::log(60)));
    auto& now = show.situation;
    now.snapshot = true;
    now.capacity = 200;
    now.available = std::uniform_int_distribution<std::int64_t>(1, 60)(random);
    now.watched.seconds = real(900, 3600);
    const double age_s = real(60, 3600);
    now.age_ms = static_cast<std::int64_t>(age_s * 1000);
    const auto sold = [&](double seconds) {
      return std::poisson_distribution<std::int64_t>(per_hour * seconds / 3600)(random);
    };
    now.watched.sold = static_cast<double>(sold(now.watched.seconds));
    show.others = sold(age_s);
  }
  return list;
}

// Oversold: the last seat it counted on was gone.
bool oversold(const Show& show) { return show.others > show.situation.available - 1; }

struct Part {
  std::int64_t sales = 0;
  double promised = 0;
  std::int64_t oversold = 0;

  void add(double risk, bool was) {
    ++sales;
    promised += risk;
    oversold += was ? 1 : 0;
  }
  double mean() const { return sales == 0 ? 0 : promised / static_cast<double>(sales); }
  double actual() const {
    return sales == 0 ? 0 : static_cast<double>(oversold) / static_cast<double>(sales);
  }
};

struct Calibration {
  std::string name;
  std::vector<Part> parts = std::vector<Part>(tenths + 1);  // the first: less than a hundredth
  Part all;
};

Calibration calibrate(const std::vector<Show>& list, Forecast forecast, const char* name) {
  Calibration result{name, std::vector<Part>(tenths + 1), {}};
  Rules rules;
  rules.min_remaining_bp.reset();
  rules.forecast = forecast;
  for (const auto& show : list) {
    const auto decision = decide(rules, show.situation, 1);
    const auto tenth = std::min(static_cast<std::size_t>(decision.risk * tenths), tenths - 1ul);
    result.parts[decision.risk < .01 ? 0 : tenth + 1].add(decision.risk, oversold(show));
    result.all.add(decision.risk, oversold(show));
  }
  return result;
}

void print(const Calibration& what) {
  std::printf("\n%s\n  promised risk      sales   promised     actual\n", what.name.c_str());
  for (std::size_t i = 0; i < what.parts.size(); ++i) {
    const auto& part = what.parts[i];
    const double from = i == 0 ? 0 : i == 1 ? 1 : 10 * (static_cast<double>(i) - 1);
    std::printf("  %3.0f to %3.0f %%     %7lld   %7.3f %%  %7.3f %%\n", from,
                i == 0 ? 1 : 10 * static_cast<double>(i), static_cast<long long>(part.sales),
                100 * part.mean(), 100 * part.actual());
  }
  std::printf("  all             %7lld   %7.3f %%  %7.3f %%\n",
              static_cast<long long>(what.all.sales), 100 * what.all.mean(),
              100 * what.all.actual());
}

void print_rules(const std::vector<Show>& list) {
  std::vector<std::pair<std::string, Rules>> all(1, {"10 % left, at most 1 h ago (default)", {}});
  all.push_back({"5 % left", {}});
  all.back().second.min_remaining_bp = 500;
  for (const double confidence : {.9, .95, .99, .999}) {
    Rules rules;
    rules.min_remaining_bp.reset();
    rules.min_confidence = confidence;
    all.push_back({"min_confidence " + std::to_string(confidence).substr(0, 5), rules});
  }
  Rules stake;
  stake.min_remaining_bp.reset();
  stake.stake = Stake{50, 200};
  all.push_back({"value 50, penalty 200", stake});
  std::printf("\nrule                                     sold   oversold   per sale   promised\n");
  for (const auto& [name, rules] : all) {
    Part part;
    for (const auto& show : list) {
      const auto decision = decide(rules, show.situation, 1);
      if (decision.sell) part.add(decision.risk, oversold(show));
    }
    std::printf("%-38s %6.1f %%   %8lld  %7.3f %%  %7.3f %%\n", name.c_str(),
                100.0 * static_cast<double>(part.sales) / shows,
                static_cast<long long>(part.oversold), 100 * part.actual(), 100 * part.mean());
  }
}

void draw(const char* file, const std::vector<Calibration>& all) {
  constexpr int size = 360, left = 60, top = 20;
  const auto x = [](double share) { return left + share * size; };
  const auto y = [](double share) { return top + size - share * size; };
  const char* colours[] = {"#b5502f", "#1f6fb2"};
  std::ofstream svg(file);
  svg << R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 440" )"
      << R"(font-family="sans-serif" font-size="13">)"
      << "<rect width=\"620\" height=\"440\" fill=\"white\"/>\n";
  for (int tick = 0; tick <= 10; tick += 2) {
    const double share = tick / 10.0;
    svg << "<path d=\"M" << x(0) << ' ' << y(share) << "H" << x(1) << "M" << x(share) << ' ' << y(0)
        << "V" << y(1) << "\" stroke=\"#ddd\"/><text x=\"" << left - 8 << "\" y=\"" << y(share) + 4
        << "\" text-anchor=\"end\">" << tick * 10 << "</text><text x=\"" << x(share) << "\" y=\""
        << y(0) + 18 << "\" text-anchor=\"middle\">" << tick * 10 << "</text>\n";
  }
  svg << "<path d=\"M" << x(0) << ' ' << y(0) << "L" << x(1) << ' ' << y(1)
      << "\" stroke=\"#888\" stroke-dasharray=\"4 4\"/><text x=\"" << x(.5) << "\" y=\""
      << y(0) + 38 << "\" text-anchor=\"middle\">promised: the risk stored with the sale, %</text>"
      << "<text transform=\"translate(18 " << y(.5)
      << ") rotate(-90)\" text-anchor=\"middle\">actual: oversold, %</text>\n";
  for (std::size_t i = 0; i < all.size(); ++i) {
    svg << "<polyline fill=\"none\" stroke=\"" << colours[i] << "\" stroke-width=\"2\" points=\"";
    for (const auto& part : all[i].parts) {
      if (part.sales > 0) svg << x(part.mean()) << ',' << y(part.actual()) << ' ';
    }
    svg << "\"/>";
    for (const auto& part : all[i].parts) {
      if (part.sales == 0) continue;
      svg << "<circle r=\"4\" fill=\"" << colours[i] << "\" cx=\"" << x(part.mean()) << "\" cy=\""
          << y(part.actual()) << "\"/>";
    }
    svg << "<text x=\"" << left + size + 14 << "\" y=\"" << top + 30 + 24 * static_cast<int>(i)
        << "\" fill=\"" << colours[i] << "\">" << all[i].name << "</text>\n";
  }
  svg << "<text x=\"" << left + size + 14 << "\" y=\"" << top + 78
      << "\" fill=\"#888\">as promised</text></svg>\n";
}

}  // namespace

int main(int argc, char** argv) {
  const auto list = season();
  const std::vector<Calibration> all{
      calibrate(list, Forecast::poisson, "Poisson"),
      calibrate(list, Forecast::negative_binomial, "negative binomial")};
  std::printf("%d shows, asked once each while cut off; C++ standard library's chance, seed 2026\n",
              shows);
  for (const auto& one : all) print(one);
  print_rules(list);
  if (argc > 1) draw(argv[1], all);
}
