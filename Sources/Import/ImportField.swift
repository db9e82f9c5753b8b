import Foundation

/// What a column of an import can be.
package enum ImportField: String, Sendable, CaseIterable {
  case sku, ean, title, quantity, price, currency, date

  /// How sellers and their programs call it, as `ColumnMapping.plain` writes it; the field's own word first.
  var names: [String] {
    switch self {
    case .sku:
      [
        "sku", "itemsku", "sellersku", "variantsku", "articlenumber", "artikelnummer", "artnr", "artikelnr",
        "partnumber",
        "mpn", "symbol", "indeks", "kod", "kodproduktu", "reference", "ref", "externalid", "productcode",
      ]
    case .ean:
      [
        "ean", "ean13", "gtin", "gtin13", "barcode", "variantbarcode", "upc", "isbn", "kodkreskowy", "kodean",
        "strichcode",
      ]
    case .title:
      [
        "title", "name", "productname", "producttitle", "itemname", "description", "bezeichnung",
        "artikelbezeichnung", "titel",
        "nazwa", "nazwaproduktu", "tytul", "tytuloferty", "nom", "titre", "libelle", "designation",
      ]
    case .quantity:
      [
        "quantity", "qty", "stock", "onhand", "available", "inventory", "variantinventoryqty",
        "stockquantity", "menge",
        "bestand", "lagerbestand", "anzahl", "ilosc", "stan", "stanmagazynowy", "dostepnailosc", "quantite",
      ]
    case .price:
      [
        "price", "unitprice", "variantprice", "saleprice", "grossprice", "amount", "preis", "vkpreis",
        "bruttopreis", "cena",
        "cenabrutto", "cenasprzedazy", "prix", "prixttc",
      ]
    case .currency: ["currency", "currencycode", "waehrung", "wahrung", "waluta", "devise"]
    case .date:
      [
        "date", "asof", "counted", "countedat", "updated", "updatedat", "lastupdated", "datum", "stand",
        "data",
        "datainwentaryzacji", "dateinventaire",
      ]
    }
  }
}

/// Which column holds what.
package struct ColumnMapping: Sendable, Equatable {
  /// The position of each field's column, counted from 0.
  package var columns: [ImportField: Int]

  package init(_ columns: [ImportField: Int] = [:]) {
    self.columns = columns
  }

  /// What a header and the first rows make likely, with how sure that is (0 to 1).
  package struct Suggestion: Sendable, Equatable {
    package var column: Int
    package var field: ImportField
    package var confidence: Double
  }

  /// The likeliest field of each column, every field once: by the header's name, else by what the cells look like.
  package static func suggest(header: [String], rows: [[String]]) -> [Suggestion] {
    var all: [Suggestion] = []
    for (column, name) in header.enumerated() {
      let values = rows.compactMap { column < $0.count ? $0[column] : nil }.filter { !$0.isEmpty }
      for field in ImportField.allCases {
        let confidence = confidence(of: field, name: plain(name), values: values)
        if confidence > 0 { all.append(Suggestion(column: column, field: field, confidence: confidence)) }
      }
    }
    all.sort {
      (-$0.confidence, $0.column, $0.field.rawValue) < (-$1.confidence, $1.column, $1.field.rawValue)
    }
    var (columns, fields): (Set<Int>, Set<ImportField>) = ([], [])
    return all.filter { suggestion in
      guard !columns.contains(suggestion.column), !fields.contains(suggestion.field) else { return false }
      columns.insert(suggestion.column)
      fields.insert(suggestion.field)
      return true
    }.sorted { $0.column < $1.column }
  }

  private static func confidence(of field: ImportField, name: String, values: [String]) -> Double {
    let fits = values.isEmpty || values.allSatisfy { CellReader().accepts($0, as: field) }
    if name == field.names.first { return fits ? 1 : 0.4 }
    if field.names.contains(name) { return fits ? 0.9 : 0.3 }
    let isPart = field.names.contains { $0.count >= 4 && name.contains($0) }
    if isPart { return fits ? 0.6 : 0 }
    // Without a name only what can be nothing else: a number with a check digit.
    return field == .ean && fits && values.count >= 2 ? 0.5 : 0
  }

  /// In lower case, without accents, with letters and digits only: `Stan magazynowy` is `stanmagazynowy`.
  package static func plain(_ name: String) -> String {
    let folded = name.lowercased().replacing("ł", with: "l").replacing("ß", with: "ss")
    return String(
      String.UnicodeScalarView(
        folded.decomposedStringWithCanonicalMapping.unicodeScalars.filter { scalar in
          scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        }))
  }
}
