/// A table of texts, printed in aligned columns.
struct Table {
  private let head: [String]
  private var rows: [[String]] = []
  private let rightAligned: Set<Int>

  /// `rightAligned` are the positions of the columns that hold numbers.
  init(_ head: [String], rightAligned: Set<Int> = []) {
    self.head = head
    self.rightAligned = rightAligned
  }

  mutating func append(_ cells: [String]) { rows.append(cells) }

  var text: String {
    let all = [head] + rows
    let widths = head.indices.map { column in
      all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return all.map { line(of: $0, widths: widths) }.joined(separator: "\n")
  }

  private func line(of cells: [String], widths: [Int]) -> String {
    let padded = zip(cells, widths).enumerated().map { column, cell in
      let room = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return rightAligned.contains(column) ? room + cell.0 : cell.0 + room
    }
    let line = padded.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}
