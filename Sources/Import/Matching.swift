package import Postgres

/// Finds the variations that rows of an import may be: by SKU, by EAN, and by how much their titles have in common.
package enum Matching {
  /// Rows per statement.
  static let batch = 200
  /// Titles that share less are no candidates.
  static let leastSimilarity = 0.3
  /// Candidates by title of one row.
  static let mostByTitle = 5

  /// Matches every row that was not matched yet, in batches that each commit; may be run again.
  package static func run(_ importId: Int, on connection: Connection) throws {
    while try connection.query(statement, [importId, batch, leastSimilarity, mostByTitle]).affected > 0 {}
  }

  /// A title alone never makes a match as sure as a number does. Answers as many rows as it has matched.
  private static let statement = """
    WITH items AS MATERIALIZED (
      SELECT r.id, i.user_id, r.sku, r.ean, r.title,
             CASE WHEN r.title IS NOT NULL
                  THEN replace(plainto_tsquery('simple', r.title)::text, '&', '|')::tsquery END AS words
        FROM raw_import_items r JOIN imports i ON i.id = r.import_id
       WHERE r.import_id = $1 AND r.status = 'new' ORDER BY r.line LIMIT $2),
    found AS (
      SELECT n.id AS item, v.id AS variation, 'sku' AS method, CASE WHEN v.sku = n.sku THEN 1 ELSE 0.95 END AS score
        FROM items n JOIN variations v ON v.user_id = n.user_id AND lower(v.sku) = lower(n.sku)
      UNION ALL
      SELECT n.id, v.id, 'ean', 0.98 FROM items n JOIN variations v ON v.user_id = n.user_id AND v.ean = n.ean
      UNION ALL
      SELECT n.id, t.variation, 'title', 0.9 * t.similarity
        FROM items n CROSS JOIN LATERAL (
          SELECT v.id AS variation, max(title_similarity(c.title, n.title)) AS similarity
            FROM (SELECT l.variation_id AS id, l.title FROM listings l
                   WHERE to_tsvector('simple', coalesce(l.title, '')) @@ n.words
                  UNION ALL
                  SELECT w.id, w.title FROM variations w
                   WHERE to_tsvector('simple', coalesce(w.title, '')) @@ n.words) AS c
            JOIN variations v ON v.id = c.id AND v.user_id = n.user_id
           GROUP BY v.id
          HAVING max(title_similarity(c.title, n.title)) >= $3
           ORDER BY 2 DESC, 1 LIMIT $4) AS t
       WHERE n.title IS NOT NULL),
    best AS (
      SELECT DISTINCT ON (item, variation) item, variation, method, score
        FROM found ORDER BY item, variation, score DESC),
    kept AS (
      INSERT INTO match_candidates (item_id, variation_id, method, score)
      SELECT item, variation, method, score FROM best ORDER BY item, variation
      ON CONFLICT DO NOTHING)
    UPDATE raw_import_items r
       SET status = CASE WHEN EXISTS (SELECT FROM best b WHERE b.item = r.id) THEN 'candidates' ELSE 'unmatched' END
      FROM items n WHERE r.id = n.id
    """
}
