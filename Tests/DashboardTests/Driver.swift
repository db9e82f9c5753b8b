import AsyncHTTPClient
import Foundation
import JSON
import NIOCore
import NIOHTTP1

/// A headless Chromium, spoken to by chromedriver over WebDriver.
struct Driver {
  private let base: String
  private let session: String

  struct Refusal: Error, CustomStringConvertible { let description: String }

  /// Whether both programs are installed; `ops/test` installs chromium and chromium-driver.
  static let isThere = ["/usr/bin/chromium", "/usr/bin/chromedriver"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Runs `body` with a browser. Both processes are killed afterwards, since chromedriver heeds no gentler signal.
  static func with<T>(_ body: (Driver) async throws -> T) async throws -> T {
    let profile = FileManager.default.temporaryDirectory.appendingPathComponent(
      "browser-\(UUID().uuidString)")
    let (process, port) = try await started()
    let pid = process.processIdentifier
    // Whatever hangs, nobody waits for a browser longer than this.
    let limit = DispatchWorkItem { kill(pid, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 50, execute: limit)
    defer {
      limit.cancel()
      kill(pid, SIGKILL)
      try? FileManager.default.removeItem(at: profile)
    }
    let base = "http://127.0.0.1:\(port)"
    let arguments: [JSON] = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900",
      .string("--user-data-dir=\(profile.path)"),
    ]
    let wishes: JSON = [
      "capabilities": [
        // What is looked for may be on the page that a click leads to.
        "alwaysMatch": [
          "browserName": "chrome", "goog:chromeOptions": ["args": .array(arguments)],
          "timeouts": ["implicit": 10_000],
        ]
      ]
    ]
    let answer = try await ask(.POST, base + "/session", wishes)
    defer {
      if let pid = answer["capabilities"]["goog:processID"].integer { kill(pid_t(pid), SIGKILL) }
    }
    return try await body(Driver(base: base, session: answer["sessionId"].text ?? ""))
  }

  /// It takes the port that it was given for IPv6 for IPv4 too, and ends when somebody has that one: so it is asked
  /// again.
  private static func started() async throws -> (Process, port: Int) {
    var attempts = 5
    while true {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/chromedriver")
      process.arguments = ["--port=0"]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      process.standardInput = FileHandle.nullDevice
      try process.run()
      do {
        return (process, try await port(of: output.fileHandleForReading))
      } catch {
        attempts -= 1
        guard attempts > 0 else { throw error }
      }
    }
  }

  /// The port is said on standard output; the pipe ends when the process does.
  private static func port(of output: FileHandle) async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
      Thread {
        var text = ""
        while true {
          let bytes = output.availableData
          if bytes.isEmpty {
            continuation.resume(throwing: Refusal(description: "chromedriver ended: \(text)"))
            return
          }
          text += String(decoding: bytes, as: UTF8.self)
          if let match = text.firstMatch(of: /successfully on port (\d+)/), let port = Int(match.1) {
            continuation.resume(returning: port)
            return
          }
        }
      }.start()
    }
  }

  @discardableResult
  private static func ask(_ method: HTTPMethod, _ url: String, _ body: JSON? = nil) async throws -> JSON {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let body { request.body = .bytes(ByteBuffer(bytes: body.bytes)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    let answer = try await response.body.collect(upTo: 32 << 20)
    let value = try JSON.parse(Array(answer.readableBytesView))["value"]
    guard response.status == .ok else { throw Refusal(description: value["message"].text ?? "\(value)") }
    return value
  }

  @discardableResult
  private func ask(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> JSON {
    try await Self.ask(method, "\(base)/session/\(session)\(path)", body)
  }

  // MARK: What a person does

  func open(_ url: String) async throws { try await ask(.POST, "/url", ["url": .string(url)]) }

  func resize(width: Int, height: Int) async throws {
    try await ask(.POST, "/window/rect", ["width": .integer(width), "height": .integer(height)])
  }

  /// A screen of this width, in pixels of the style sheet; nil is the window itself.
  func narrow(to width: Int?) async throws {
    guard let width else {
      try await ask(
        .POST, "/goog/cdp/execute", ["cmd": "Emulation.clearDeviceMetricsOverride", "params": [:]])
      return
    }
    try await ask(
      .POST, "/goog/cdp/execute",
      [
        "cmd": "Emulation.setDeviceMetricsOverride",
        "params": ["width": .integer(width), "height": 740, "deviceScaleFactor": 1, "mobile": false],
      ])
  }

  /// As people who prefer `light` or `dark` see it.
  func prefer(_ scheme: String) async throws {
    let features: JSON = [["name": "prefers-color-scheme", "value": .string(scheme)]]
    try await ask(
      .POST, "/goog/cdp/execute", ["cmd": "Emulation.setEmulatedMedia", "params": ["features": features]])
  }

  private func element(_ selector: String) async throws -> String {
    let found = try await ask(.POST, "/element", ["using": "css selector", "value": .string(selector)])
    return found.object.values.first?.text ?? ""
  }

  func click(_ selector: String) async throws {
    try await ask(.POST, "/element/\(element(selector))/click", [:])
  }

  /// Takes out what a field holds.
  func clear(_ selector: String) async throws {
    try await ask(.POST, "/element/\(element(selector))/clear", [:])
  }

  /// The key Tab, again and again; with Shift it goes back.
  func tab(times: Int, back: Bool = false) async throws {
    func act(_ type: String, _ key: String) -> JSON { ["type": .string(type), "value": .string(key)] }
    let (shift, tab) = ("\u{E008}", "\u{E004}")
    let presses = Array(repeating: [act("keyDown", tab), act("keyUp", tab)], count: times).flatMap { $0 }
    let all = back ? [act("keyDown", shift)] + presses + [act("keyUp", shift)] : presses
    try await ask(
      .POST, "/actions", ["actions": [["type": "key", "id": "keys", "actions": .array(all)]]])
  }

  func type(_ text: String, into selector: String) async throws {
    try await ask(.POST, "/element/\(element(selector))/value", ["text": .string(text)])
  }

  /// What `script`, the body of a function, returns in the page.
  func run(_ script: String) async throws -> JSON {
    try await ask(.POST, "/execute/sync", ["script": .string(script), "args": []])
  }

  func text(of selector: String) async throws -> String {
    try await run("return (document.querySelector(\(JSON.string(selector))) || {}).innerText || ''").text
      ?? ""
  }

  /// Looks until the text is there, at most 15 s; what was there instead is the answer otherwise.
  func wait(for selector: String, toSay text: String) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(15)
    var found = ""
    repeat {
      found = (try? await self.text(of: selector)) ?? ""
      if found.contains(text) { return found }
      try await Task.sleep(for: .milliseconds(100))
    } while .now < deadline
    return found
  }

  /// Keeps a picture of the window under `.crossdock/screenshots` for people to look at.
  func keepPicture(_ name: String) async throws {
    guard let data = Data(base64Encoded: try await ask(.GET, "/screenshot").text ?? "") else { return }
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let home =
      ProcessInfo.processInfo.environment["CROSSDOCK_HOME"].map { URL(fileURLWithPath: $0) }
      ?? root.appendingPathComponent(".crossdock")
    let folder = home.appendingPathComponent("screenshots")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try data.write(to: folder.appendingPathComponent(name + ".png"))
  }
}
