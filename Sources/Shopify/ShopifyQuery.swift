/// A query or mutation of the Admin API, as text.
struct ShopifyQuery: Sendable {
  /// Of the operation.
  var name: String
  /// The field of `data` that holds the answer.
  var root: String
  var text: String

  private init(_ name: String, _ root: String, _ text: String) {
    self.name = name
    self.root = root
    self.text = text
  }

  static let shop = ShopifyQuery("Shop", "shop", "query Shop { shop { name } }")

  // MARK: Orders

  /// Orders with more lines than a page holds are few; theirs are read on with `orderLines`.
  private static let order = """
    id name createdAt updatedAt cancelledAt displayFinancialStatus displayFulfillmentStatus test currencyCode email
    totalPriceSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
    totalShippingPriceSet { shopMoney { amount } }
    customer { id displayName email }
    shippingAddress { name address1 address2 city zip provinceCode countryCodeV2 phone company }
    lineItems(first: 8) { nodes { \(line) } pageInfo { hasNextPage endCursor } }
    fulfillments(first: 5) { displayStatus trackingInfo { company number url } }
    """
  private static let line = """
    id sku title quantity currentQuantity variant { id } originalUnitPriceSet { shopMoney { amount } }
    """

  static let orders = ShopifyQuery(
    "Orders", "orders",
    """
    query Orders($first: Int!, $after: String, $query: String!) {
      orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
        nodes { \(order) } pageInfo { hasNextPage endCursor }
      }
    }
    """)

  static let oneOrder = ShopifyQuery(
    "Order", "order", "query Order($id: ID!) { order(id: $id) { \(order) } }")

  static let orderLines = ShopifyQuery(
    "OrderLines", "order",
    """
    query OrderLines($id: ID!, $first: Int!, $after: String) {
      order(id: $id) {
        lineItems(first: $first, after: $after) { nodes { \(line) } pageInfo { hasNextPage endCursor } }
      }
    }
    """)

  /// What was taken back, of many orders at once.
  static let refunds = ShopifyQuery(
    "Refunds", "nodes",
    """
    query Refunds($ids: [ID!]!) {
      nodes(ids: $ids) {
        ... on Order {
          id
          refunds { refundLineItems(first: 20) { nodes { quantity restockType lineItem { id } } } }
        }
      }
    }
    """)

  // MARK: Listings

  private static let variant = """
    id sku title price inventoryQuantity inventoryItem { id tracked } product { id title status }
    """

  static let variants = ShopifyQuery(
    "Variants", "productVariants",
    """
    query Variants($first: Int!, $after: String, $query: String) {
      productVariants(first: $first, after: $after, sortKey: ID, query: $query) {
        nodes { \(variant) } pageInfo { hasNextPage endCursor }
      }
    }
    """)

  static let oneVariant = ShopifyQuery(
    "Variant", "productVariant", "query Variant($id: ID!) { productVariant(id: $id) { \(variant) } }")

  static let variantOfItem = ShopifyQuery(
    "VariantOfItem", "inventoryItem",
    "query VariantOfItem($id: ID!) { inventoryItem(id: $id) { variant { \(variant) } } }")

  /// Products in the order of their last change, a sale included.
  static let changedProducts = ShopifyQuery(
    "ChangedProducts", "products",
    """
    query ChangedProducts($first: Int!, $after: String, $query: String) {
      products(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
        nodes {
          id updatedAt
          variants(first: 5) { nodes { \(variant) } pageInfo { hasNextPage } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
    """)

  static let latestProduct = ShopifyQuery(
    "LatestProduct", "products",
    "query LatestProduct { products(first: 1, sortKey: UPDATED_AT, reverse: true) { nodes { updatedAt } } }")

  // MARK: Stock

  static let levels = ShopifyQuery(
    "Levels", "productVariant",
    """
    query Levels($id: ID!) {
      productVariant(id: $id) {
        inventoryItem {
          id
          inventoryLevels(first: 50) {
            nodes { location { id } quantities(names: ["available"]) { name quantity } }
          }
        }
      }
    }
    """)

  static let setQuantities = ShopifyQuery(
    "SetQuantities", "inventorySetQuantities",
    """
    mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
      inventorySetQuantities(input: $input) @idempotent(key: $key) {
        userErrors { code field message }
      }
    }
    """)

  // MARK: Products

  static let variantsOfSKU = ShopifyQuery(
    "VariantsOfSKU", "productVariants",
    "query VariantsOfSKU($query: String!) { productVariants(first: 10, query: $query) { nodes { id sku } } }")

  static let productOfVariant = ShopifyQuery(
    "ProductOfVariant", "productVariant",
    """
    query ProductOfVariant($id: ID!) {
      productVariant(id: $id) { id price product { id variantsCount { count } } }
    }
    """)

  static let setProduct = ShopifyQuery(
    "SetProduct", "productSet",
    """
    mutation SetProduct($handle: String!, $product: ProductSetInput!) {
      productSet(synchronous: true, identifier: { handle: $handle }, input: $product) {
        product { variants(first: 1) { nodes { id } } } userErrors { code field message }
      }
    }
    """)

  static let updateProduct = ShopifyQuery(
    "UpdateProduct", "productUpdate",
    """
    mutation UpdateProduct($product: ProductUpdateInput!) {
      productUpdate(product: $product) { userErrors { field message } }
    }
    """)

  static let updateVariants = ShopifyQuery(
    "UpdateVariants", "productVariantsBulkUpdate",
    """
    mutation UpdateVariants($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
      productVariantsBulkUpdate(productId: $product, variants: $variants) { userErrors { code field message } }
    }
    """)

  static let deleteProduct = ShopifyQuery(
    "DeleteProduct", "productDelete",
    """
    mutation DeleteProduct($input: ProductDeleteInput!) {
      productDelete(input: $input) { userErrors { field message } }
    }
    """)

  static let deleteVariants = ShopifyQuery(
    "DeleteVariants", "productVariantsBulkDelete",
    """
    mutation DeleteVariants($product: ID!, $variants: [ID!]!) {
      productVariantsBulkDelete(productId: $product, variantsIds: $variants) { userErrors { code field message } }
    }
    """)

  // MARK: Webhooks

  static let webhooks = ShopifyQuery(
    "Webhooks", "webhookSubscriptions",
    """
    query Webhooks($first: Int!, $after: String) {
      webhookSubscriptions(first: $first, after: $after) {
        nodes { id topic uri } pageInfo { hasNextPage endCursor }
      }
    }
    """)

  static let subscribe = ShopifyQuery(
    "Subscribe", "webhookSubscriptionCreate",
    """
    mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
      webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
        webhookSubscription { id } userErrors { field message }
      }
    }
    """)

  static let unsubscribe = ShopifyQuery(
    "Unsubscribe", "webhookSubscriptionDelete",
    """
    mutation Unsubscribe($id: ID!) {
      webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
    }
    """)
}
