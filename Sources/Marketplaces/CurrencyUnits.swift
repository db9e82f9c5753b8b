package import Events
package import JSON

/// How many decimals a currency has (ISO 4217), for marketplaces that write money in its smallest unit.
package enum CurrencyUnits {
  package static func decimals(of currency: String?) -> Int {
    switch currency?.uppercased() {
    case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
      "XAF", "XOF", "XPF":
      0
    case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
    default: 2
    }
  }

  /// An amount that is written in the smallest unit; nil when it is no whole number.
  package static func money(_ json: JSON, in currency: String?) -> Money? {
    json.integer.map { Money(minorUnits: $0, scale: decimals(of: currency)) }
  }
}
