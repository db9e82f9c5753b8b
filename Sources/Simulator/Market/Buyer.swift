/// Who buys; everything about a buyer follows from the number.
struct Buyer: Hashable, Sendable {
  let number: Int

  static let count = 5000

  var id: String { String(44_000_000 + number) }
  var login: String { "client_\(number)" }
  var email: String { "buyer\(number)+cafe\(number % 97)@example.com" }
  var firstName: String { Self.firstNames[number % Self.firstNames.count] }
  var lastName: String { Self.lastNames[number / 7 % Self.lastNames.count] }
  var phone: String { "+48 600 \(100 + number % 900) \(100 + number / 5 % 900)" }
  var street: String { "ul. \(Self.streets[number % Self.streets.count]) \(number % 190 + 1)" }
  var city: String { Self.cities[number % Self.cities.count].name }
  var postCode: String { Self.cities[number % Self.cities.count].postCode }

  private static let firstNames = [
    "Jan", "Łukasz", "Zofia", "Małgorzata", "Paweł", "Agnieszka", "Święto", "O'Neil",
  ]
  private static let lastNames = [
    "Kowalski", "Wiśniewska", "Żak", "Dąbrowski", "Nowak-Müller", "Šimek", "\"Bob\"",
  ]
  private static let streets = ["Solna", "Grunwaldzka", "Świętego Marcina", "3 Maja", "Łódzka"]
  private static let cities: [(name: String, postCode: String)] = [
    ("Poznań", "60-166"), ("Kraków", "30-001"), ("Łódź", "90-001"), ("Gdańsk", "80-001"),
  ]
}
