import ArgumentParser

/// What a worker process can do.
enum Role: String, CaseIterable, ExpressibleByArgument {
  case relay
  case poll
  case stockLedger = "stock-ledger"
  case orderSync = "order-sync"
  case messaging
  case disputes
  case propagation
  case push
  case reconcile
}
