import AsyncHTTPClient
import Events
import Foundation
import Marketplaces
import NIOCore
import NIOHTTP1
import Settings
import Time

extension Examination {
  /// Each enabled account: its credentials, its clock and its webhooks, with one call each.
  func accounts() async -> [Finding] {
    do {
      return try await withAccounts(settings) { access in
        var findings: [Finding] = []
        do {
          for account in try await access.connections.list() where account.isEnabled {
            findings += await look(at: account, access)
          }
        } catch {
          findings.append(
            Finding(subject: "accounts", state: .problem(Failure(error)?.sentence ?? "\(error)")))
        }
        return findings
      }
    } catch {
      // Database and key have said their problem already.
      return [Finding(subject: "accounts", state: .unknown("mend the problems above to have them looked at"))]
    }
  }

  private func look(at account: MarketplaceConnection, _ access: MarketplaceAccess) async -> [Finding] {
    let subject = "\(account.platform.rawValue) \(account.name)"
    let adapter: any MarketplaceAdapter
    do {
      adapter = try access.adapters.adapter(for: account)
    } catch {
      return [Finding(subject: subject, state: .unknown("\(error)"))]
    }
    var findings = [
      await Finding.of("\(subject) credentials") {
        do {
          try await adapter.check()
        } catch {
          throw Failure(
            .found,
            "\(error); `crossdock connections authorize` asks the owner again, `rotate-secret` takes a token")
        }
        return "accepted"
      },
      await skew(of: account, subject, access.http),
    ]
    if !adapter.features.webhookTopics.isEmpty {
      findings.append(await webhooks(of: account, subject, adapter))
    }
    return findings
  }

  /// The marketplace's clock, by the `Date` of any answer of its.
  private func skew(
    of account: MarketplaceConnection, _ subject: String, _ http: HTTPClient
  ) async -> Finding {
    do {
      let before = Timestamp.now()
      let answer = try await http.execute(HTTPClientRequest(url: account.baseURL), timeout: .seconds(10))
      let after = Timestamp.now()
      guard let moment = answer.headers.first(name: "date").flatMap({ HTTPDate.parse($0) }) else {
        return Finding(subject: "\(subject) clock", state: .unknown("its answers carry no Date"))
      }
      // A Date has whole seconds.
      let slack = Duration.seconds(2)
      guard moment > before - slack - .seconds(1), moment < after + slack else {
        let seconds = (moment - before).components.seconds
        return Finding(
          subject: "\(subject) clock",
          state: .problem(
            "\(seconds) s away from ours, stock could be counted twice: synchronise ours by NTP"))
      }
      return Finding(subject: "\(subject) clock", state: .fine("within 2 s"))
    } catch {
      return Finding(
        subject: "\(subject) clock",
        state: .unknown("\(account.baseURL) does not answer: is the address right?"))
    }
  }

  private func webhooks(
    of account: MarketplaceConnection, _ subject: String, _ adapter: any MarketplaceAdapter
  ) async -> Finding {
    await Finding.of("\(subject) webhooks") {
      let ours = settings.baseURL
      let there = Set(try await adapter.webhooks().filter { $0.url.hasPrefix(ours) }.map(\.topic))
      let missing = Set(adapter.features.webhookTopics).subtracting(there).sorted()
      guard !account.realtimeEnabled || missing.isEmpty else {
        throw Failure(
          .found,
          "\(missing.joined(separator: ", ")) not subscribed: POST /realtime-sync/enable/\(account.id) does it"
        )
      }
      return account.realtimeEnabled ? "\(there.count) subscribed" : "not wanted: realtime sync is off"
    }
  }
}
