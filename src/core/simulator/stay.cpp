#include "core/simulator/stay.h"

#include <algorithm>
#include <array>

#include "core/simulator/wide.h"

namespace clickstream {
namespace {

// kQuantiles[i] is the i/256 quantile of e^z, z normal, in units of 2^-16; between two of them we go straight. The
// first and the last are such that their bins have the log-normal's own mean. Made by this Python script:
//
//   from math import exp
//   from statistics import NormalDist
//   n, bins = NormalDist(), 256
//   z = [n.inv_cdf(i / bins) for i in range(1, bins)]
//   k = [exp(x) for x in z]
//   mean = exp(0.5) * bins
//   k = [2 * mean * n.cdf(z[0] - 1) - k[0]] + k + [2 * mean * n.cdf(1 - z[-1]) - k[-1]]
//   print([round(x * 65536) for x in k])
constexpr std::array<std::uint32_t, 257> kQuantiles = {
    2391,   4584,   5842,   6796,   7604,    8323,   8982,   9595,   10174,  10726,  11256,  11768,  12264,  12747,
    13218,  13680,  14133,  14578,  15016,   15449,  15876,  16298,  16716,  17131,  17542,  17950,  18355,  18758,
    19158,  19557,  19954,  20350,  20744,   21137,  21529,  21920,  22311,  22701,  23091,  23480,  23870,  24259,
    24648,  25038,  25427,  25817,  26207,   26598,  26990,  27382,  27774,  28168,  28562,  28958,  29354,  29751,
    30150,  30549,  30950,  31353,  31756,   32161,  32568,  32976,  33385,  33796,  34209,  34624,  35040,  35459,
    35879,  36301,  36725,  37152,  37580,   38011,  38444,  38879,  39316,  39756,  40198,  40643,  41090,  41540,
    41993,  42448,  42907,  43367,  43831,   44298,  44768,  45241,  45717,  46196,  46679,  47165,  47654,  48146,
    48642,  49142,  49646,  50153,  50664,   51178,  51697,  52220,  52746,  53277,  53812,  54352,  54895,  55444,
    55996,  56554,  57116,  57683,  58255,   58832,  59414,  60001,  60593,  61191,  61795,  62404,  63018,  63639,
    64265,  64897,  65536,  66181,  66832,   67490,  68154,  68826,  69504,  70189,  70882,  71582,  72289,  73004,
    73727,  74458,  75197,  75945,  76701,   77465,  78239,  79022,  79814,  80616,  81427,  82248,  83080,  83922,
    84774,  85638,  86513,  87399,  88297,   89207,  90129,  91064,  92011,  92972,  93947,  94935,  95938,  96956,
    97988,  99037,  100101, 101181, 102278,  103393, 104525, 105675, 106845, 108033, 109242, 110471, 111722, 112994,
    114288, 115606, 116948, 118315, 119707,  121126, 122572, 124046, 125550, 127084, 128649, 130247, 131879, 133545,
    135249, 136989, 138770, 140591, 142454,  144362, 146317, 148319, 150372, 152477, 154638, 156856, 159134, 161476,
    163884, 166361, 168913, 171541, 174251,  177047, 179934, 182917, 186002, 189195, 192504, 195934, 199496, 203197,
    207048, 211059, 215242, 219612, 224182,  228970, 233995, 239277, 244841, 250715, 256930, 263522, 270534, 278014,
    286022, 294625, 303907, 313967, 324930,  336947, 350212, 364975, 381561, 400411, 422138, 447623, 478199, 516011,
    564801, 631960, 735212, 936985, 1743386,
};

constexpr std::size_t kBins = kQuantiles.size() - 1;

// The time spent in stays of the bins before the i-th, in units of 2^-17.
constexpr std::array<std::uint32_t, kBins + 1> kTimeBefore = [] {
  std::array<std::uint32_t, kBins + 1> sum{};
  for (std::size_t i = 0; i < kBins; ++i) sum[i + 1] = sum[i] + kQuantiles[i] + kQuantiles[i + 1];
  return sum;
}();

// The quantile that lies `part` of `whole` into the bin, times the median.
std::uint32_t stay_in_bin(std::uint32_t median, std::size_t bin, std::uint64_t part, std::uint64_t whole) {
  const std::uint64_t quantile = kQuantiles[bin] + (kQuantiles[bin + 1] - kQuantiles[bin]) * part / whole;
  return static_cast<std::uint32_t>((median * quantile + 0x8000) >> 16);
}

}  // namespace

std::uint32_t stay(std::uint32_t median, std::uint32_t random) {
  return stay_in_bin(median, random >> 24, random & 0xFFFFFF, 1 << 24);
}

std::uint32_t stay_under_way(std::uint32_t median, std::uint32_t random) {
  const std::uint64_t time = multiply_high_32(random, kTimeBefore.back());
  const auto after = std::upper_bound(kTimeBefore.begin(), kTimeBefore.end(), time);
  const auto bin = static_cast<std::size_t>(after - kTimeBefore.begin()) - 1;
  return stay_in_bin(median, bin, time - kTimeBefore[bin], kTimeBefore[bin + 1] - kTimeBefore[bin]);
}

std::uint64_t mean_of_stays(std::uint64_t medians) {
  return static_cast<std::uint64_t>(Wide{medians} * kTimeBefore.back() / (kBins << 17));
}

}  // namespace clickstream
