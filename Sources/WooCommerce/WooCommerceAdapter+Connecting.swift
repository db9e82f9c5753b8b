package import AsyncHTTPClient
package import Logging
package import Marketplaces

import struct Foundation.Data

extension WooCommerceAdapter {
  /// The adapter of a connection over HTTP. Its credentials are `{"consumerKey":"ck_…","consumerSecret":"cs_…",
  /// "webhookSecret":"…"}`.
  package static func connect(
    to connection: MarketplaceConnection, store: ConnectionStore, http: HTTPClient,
    filter: OrderFilter = .standard, logger: Logger
  ) -> WooCommerceAdapter {
    let client = store.client(of: connection, over: http, allowance: allowance, logger: logger) { secrets in
      guard let key = secrets.text("consumerKey"), let secret = secrets.text("consumerSecret") else {
        return nil
      }
      return header(key: key, secret: secret)
    }
    return WooCommerceAdapter(connection: connection, client: client, filter: filter)
  }

  package static func header(key: String, secret: String) -> AuthorisationHeader {
    AuthorisationHeader(
      name: "authorization", value: "Basic " + Data("\(key):\(secret)".utf8).base64EncodedString())
  }
}
