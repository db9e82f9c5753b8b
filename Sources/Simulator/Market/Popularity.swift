import Glibc

/// Which listing a buyer takes: few are hot, most are not (Zipf).
struct Popularity: Sendable {
  private let upTo: [Double]

  init(listings: Int, exponent: Double = 0.9) {
    var sum = 0.0
    let sums = (0..<listings).map { rank in
      sum += pow(Double(rank + 1), -exponent)
      return sum
    }
    upTo = sums.map { $0 / sum }
  }

  /// The share of all choices that fall on a listing.
  func share(of listing: Int) -> Double {
    upTo[listing] - (listing == 0 ? 0 : upTo[listing - 1])
  }

  func pick(_ dice: inout Dice) -> Int {
    let point = dice.fraction()
    var (low, high) = (0, upTo.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if upTo[middle] > point { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
