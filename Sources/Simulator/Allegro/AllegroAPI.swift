/// Allegro as the simulator speaks it: what an adapter may rely on.
///
/// Three accounts, each with a market of its own. A connection's base URL is one of
///
///     http://127.0.0.1:PORT/allegro/live          dialect `live`, account "allegro-live"
///     http://127.0.0.1:PORT/allegro/documented    dialect `documented`, account "allegro-documented"
///     http://127.0.0.1:PORT/allegro/noevents      dialect `documented`, account "allegro-noevents",
///                                                 where /order/events and /order/event-stats answer 404
///
/// Every path below hangs under the base URL. Every response has a `Date` header (whole seconds, never later
/// than the moment the state was read) and `Trace-Id`. A missing or dead access token is 401
/// `{"error":"invalid_token","error_description":"…"}`. Every other error has the shape
/// `{"errors":[{"code","message","details":null,"path","userMessage","metadata":{}}]}`: 404 `NOT_FOUND`,
/// 422 `VALIDATION_ERROR`, 429 `TOO_MANY_REQUESTS`, 500/503. An `Accept` without `application/vnd.allegro.` or
/// `*/*` is 406, a PATCH without the content type `application/vnd.allegro.public.v1+json` 415. Unknown query
/// parameters are ignored silently, in both dialects. Times are RFC 3339 UTC with up to three fraction digits. Money is
/// `{"amount":"49.99","currency":"PLN"}`. `X-RateLimit-Remaining` counts down from 9000 a minute.
///
/// ## Tokens
/// `POST /auth/oauth/token`, form-encoded (body or query), `Authorization: Basic base64(clientId:clientSecret)`:
/// `grant_type=refresh_token&refresh_token=…`, `grant_type=authorization_code&code=…&redirect_uri=…`, or
/// `grant_type=client_credentials` (no refresh token in the answer). Answer 200
/// `{"access_token","token_type":"bearer","refresh_token","expires_in":43199,"scope":"…","allegro_api":true,"jti":"…"}`.
/// A refresh token works once; refreshing kills the access token of the same pair at once. Errors: 400
/// `{"error":"invalid_grant"|"unsupported_grant_type"|"invalid_request","error_description":"…"}`, 401
/// `{"error":"invalid_client",…}`. Faults of the token endpoint come before its effect, never after it.
/// Access tokens live 12 hours; 5 minutes with the faults `some`, 2 with `storm`.
/// `GET /auth/oauth/authorize?response_type=code&client_id=…&redirect_uri=…&state=…` is the seller's browser
/// saying yes: 302 to `redirect_uri?code=…&state=…`; the code works once, for that redirect URI.
///
/// ## `GET /sale/offer-events`
/// `limit` 1–1000 (default 100), `type` repeated, and the cursor: `from` (live) or `after` (documented): the
/// events after that id. Without it, or with the other dialect's name for it: the oldest page, again and again.
/// Kept for 24 h; a cursor older than that gets the oldest page that is left.
///
///     live:       {"offerEvents":[{"id":"MTYwMDg4ODQyNTUwOTA1NQ","type":"OFFER_STOCK_CHANGED","occurredAt":"…",
///                   "offer":{"id":"9726837549","external":{"id":"SKU-0001"},"publication":{"endedBy":null}}}]}
///     documented: {"events":[{"id":"event-id-1600888425509055","type":"OFFER_STOCK_CHANGED","occurredAt":"…",
///                   "offer":{"id":"9726837549","name":"…","external":{"id":"SKU-0001"}}}],
///                  "lastEventId":"event-id-1600888425509055"}      (no events: the cursor that was sent, or null)
///
/// An id holds the microsecond at which the event became visible (live: that number in unpadded base64); ids
/// ascend strictly in cursor order, `occurredAt` does not. There is no quantity in an event: fetch the offer.
/// An offer event is visible more than a second after its change at the earliest, so that a `Date` (whole seconds)
/// of what is read because of it lies behind the change.
/// Types, live: OFFER_STOCK_CHANGED, OFFER_PRICE_CHANGED, OFFER_CHANGED, OFFER_ENDED (sold out, `endedBy`
/// "EMPTY_STOCK"), OFFER_ACTIVATED (stock again). Documented: OFFER_STOCK_CHANGED, OFFER_QUANTITY_CHANGED,
/// OFFER_PRICE_CHANGED, OFFER_UPDATED, OFFER_DEACTIVATED (sold out), OFFER_ACTIVATED. Every change of stock is
/// announced: by an order, its edit or cancellation, by the seller on the marketplace itself, and by our own
/// PATCH (its echo). Now and then an event names an offer that does not exist (the offer answers 404), and
/// `external` may be null there.
///
/// ## `GET /order/events`, `GET /order/event-stats`
/// The same parameters and cursor. `{"latestEvent":{"id":"…","occurredAt":"…"}}`, or null before the first.
///
///     live: {"events":[{"id":"…","type":"READY_FOR_PROCESSING","occurredAt":"…",
///             "order":{"seller":{"id":"…"},"buyer":{"id","email","login","guest":false,"preferences":{"language":"pl-PL"}},
///               "lineItems":[{"id":"<uuid>","offer":{"id","name","external":{"id"}},"quantity":2,
///                 "originalPrice":{…},"price":{…},"boughtAt":"…"}],
///               "checkoutForm":{"id":"<uuid>","revision":"819b5836"}}}]}
///     documented: {"events":[{"id":"…","type":"ORDER_PAID","occurredAt":"…","order":DOCUMENTED_ORDER}],"lastEventId":"…"}
///
/// What an event says of the order is the order as it stood when the event occurred (its version), not as it
/// stands at the time of reading. Types, live → documented:
/// BOUGHT → ORDER_CREATED · FILLED_IN → ORDER_UPDATED · READY_FOR_PROCESSING → ORDER_PAID ·
/// FULFILLMENT_STATUS_CHANGED → ORDER_SENT, ORDER_FULFILLED (picked up) or ORDER_REFUNDED (returned; the stock
/// does not come back) · BUYER_MODIFIED → ORDER_UPDATED · BUYER_CANCELLED, AUTO_CANCELLED → ORDER_CANCELLED.
/// A merge is FILLED_IN (live) or ORDER_CREATED (documented) of the new order.
/// Some events come again under a new id, some late, so that an older version may follow a newer one.
///
///     DOCUMENTED_ORDER = {"id":"<uuid>","number":"100023","status":"NEW"|"PAID"|"SENT"|"FULFILLED"|"CANCELLED"|"REFUNDED",
///       "createdAt":"…","updatedAt":"…","cancelledAt":null|"…",
///       "payment":{"status":"PENDING"|"PAID"|"VOIDED" (cancelled unpaid)|"REFUNDED" (cancelled or returned after payment)},
///       "fulfillment":{"status":"NEW"|"SENT"|"PICKED_UP"|"RETURNED"|"CANCELLED"},
///       "buyer":{"id":"…","login":"…","email":"…","firstName":"…","lastName":"…"},
///       "delivery":null|{"address":{"firstName","lastName","street","city","zipCode","countryCode","phoneNumber"},
///                        "method":{"id","name"},"cost":{"amount":"9.99","currency":"PLN"}},
///       "lineItems":[{"id":"<uuid>","offer":{"id":"9726837549","name":"…","external":{"id":"SKU-0001"}},
///                     "quantity":2,"price":{"amount":"49.99","currency":"PLN"},"boughtAt":"…"}],
///       "summary":{"totalToPay":{"amount":"109.97","currency":"PLN"}}}       (lines + delivery)
///
/// ## `GET /order/checkout-forms`, `GET /order/checkout-forms/{id}`: the same in all three accounts
/// `offset` (0), `limit` 1–100 (100), offset + limit ≤ 10000 (else 422), `status` repeated, `fulfillment.status`,
/// `updatedAt.gte|lte`, `lineItems.boughtAt.gte|lte` (both inclusive), `sort` = `updatedAt`, `-updatedAt`,
/// `lineItems.boughtAt`, `-lineItems.boughtAt` (default; of several purchases the last one counts). `{"checkoutForms":[FORM],"count":1,"totalCount":1}`.
///
///     FORM = {"id":"<uuid>","messageToSeller":null,
///       "buyer":{"id","email","login","firstName","lastName","companyName":null,"guest":false,"phoneNumber",
///                "preferences":{"language":"pl-PL"},"address":{"street","city","postCode","countryCode"}},
///       "payment":{"id":"<uuid>","type":"ONLINE","provider":"P24","finishedAt":null|"…","paidAmount":null|{money}},
///       "status":"BOUGHT"|"FILLED_IN"|"READY_FOR_PROCESSING"|"CANCELLED",
///       "fulfillment":{"status":"NEW"|"SENT"|"PICKED_UP"|"RETURNED"|"CANCELLED","shipmentSummary":{"lineItemsSent":"NONE"|"ALL"}},
///       "delivery":null (until filled in)|{"address":{…},"method":{"id","name"},"cost":{money},"smart":false},
///       "invoice":{"required":false},
///       "lineItems":[{"id","offer":{"id","name","external":{"id"}},"quantity","originalPrice":{money},"price":{money},"boughtAt"}],
///       "surcharges":[],"discounts":[],"note":null,"marketplace":{"id":"allegro-pl"},
///       "summary":{"totalToPay":{money}},"updatedAt":"…","revision":"819b5836"}
///
/// `revision` changes with every version; `updatedAt` does not move on every cancellation. Two orders of one
/// buyer may merge: the new form has a new id and keeps the ids, `boughtAt` and quantities of the line items;
/// the old forms answer 404 from then on and are in no listing.
/// `GET /order/checkout-forms/{id}/shipments` → `{"shipments":[{"id","waybill","carrierId":"INPOST",
/// "carrierName":"InPost","trackingUrl":"https://…","lineItems":[{"id"}],"createdAt"}]}`.
///
/// ## Buyers' complaints, and messages to buyers
/// `GET /sale/issues?limit=20&offset=0` (at most 100), the latest first → `{"issues":[{"id","type":"DISPUTE","subject":{"name"},
/// "openedDate","currentState":{"status":"DISPUTE_ONGOING"},"buyer":{"id","login"},"checkoutForm":{"id","createdAt"}}]}`.
/// `POST /messaging/messages` `{"recipient":{"login"},"text" (at most 2000 characters),"attachments":[],"order":{"id"}}` → 201
/// MESSAGE with `"thread":{"id"}`. `GET /messaging/threads?limit=20&offset=0` (at most 20), the one written to last first →
/// `{"threads":[{"id","read","lastMessageDateTime","interlocutor":{"login"}}],"offset","limit"}`.
/// `GET /messaging/threads/{id}/messages?limit=20&offset=0&after=…` → `{"messages":[MESSAGE]}`, the latest first.
///
///     MESSAGE = {"id","status","type":"MESSAGE_CENTER","createdAt","author":{"login","isInterlocutor":false},"text"}
///
/// ## Offers
/// `GET /sale/product-offers/{id}` and `PATCH` of the same with `{"stock":{"available":n}}` (n ≥ 0, else 422; other
/// members are ignored) answer 200 with the offer as it stands:
///
///     {"id":"9726837549","name":"…","external":{"id":"SKU-0001"},"category":{"id":"257931"},
///      "sellingMode":{"format":"BUY_NOW","price":{money}},"stock":{"available":12,"unit":"UNIT"},
///      "publication":{"status":"ACTIVE"|"ENDED" (sold out),"endedBy":null|"EMPTY_STOCK"},"createdAt":"…","updatedAt":"…"}
///
/// `GET /sale/offers?offset=0&limit=20` (limit 1–1000; `external.id` repeated narrows) →
/// `{"offers":[{"id","name","external":{"id"},"category":{"id"},"sellingMode":{…},"stock":{"available":12,"sold":3},
/// "publication":{"status"}}],"count":n,"totalCount":n}`, in order of id, ended ones included.
package enum AllegroAPI {
  /// The largest `limit` of the event feeds.
  static let largestEventPage = 1000
  /// The largest `limit` of the checkout form listing.
  static let largestFormPage = 100
  /// The largest `offset + limit` of the checkout form listing.
  static let deepestForm = 10_000
  /// The largest `limit` of the offer listing.
  static let largestOfferPage = 1000
}
