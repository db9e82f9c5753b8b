import JSON
import Marketplaces
import Testing
import Time

@Suite struct SecretTests {
  static func key(_ byte: Character) throws -> SecretKey {
    try #require(SecretKey(base64: String(repeating: byte, count: 43) + "="))
  }

  @Test func `a key is 32 bytes of base64, or none`() {
    #expect(SecretKey(base64: "") == nil)
    #expect(SecretKey(base64: "c2hvcnQ=") == nil)
    #expect(SecretKey(base64: "not base64 at all !") == nil)
  }

  @Test func `what is sealed for one connection can't be opened for another, nor when it was changed`() throws
  {
    let key = try Self.key("A")
    var sealed = try key.seal([1, 2, 3], for: "c-1")
    #expect(try key.open(sealed, for: "C-1") == [1, 2, 3])
    #expect(throws: SecretError.self) { try key.open(sealed, for: "c-2") }
    sealed[sealed.count - 1] ^= 1
    #expect(throws: SecretError.self) { try key.open(sealed, for: "c-1") }
    #expect(throws: SecretError.self) { try key.open([], for: "c-1") }
  }

  @Test func `a retired key opens what it sealed, an unknown one is named`() throws {
    let (old, new) = (try Self.key("A"), try Self.key("B"))
    #expect(old.id != new.id && old.id.count == 8)
    let sealed = try old.seal([7], for: "c")
    #expect(try SecretKeys(current: new, retired: [old]).open(sealed, sealedWith: old.id, for: "c") == [7])
    #expect(
      throws: SecretError(
        "the credentials are encrypted with key \(old.id), but CROSSDOCK_SECRET_KEY is key \(new.id)")
    ) {
      try SecretKeys(current: new).open(sealed, sealedWith: old.id, for: "c")
    }
  }

  @Test func `credentials are found in either spelling and written in the one in use`() throws {
    var secrets = try #require(Secrets(bytes: Array(#"{"refresh_token":"r1","clientId":"c"}"#.utf8)))
    #expect(secrets.text("refreshToken") == "r1")
    #expect(secrets.text("clientId") == "c")
    TokenPair(accessToken: "a", refreshToken: "r2", expiresAt: .epoch).write(to: &secrets)
    #expect(secrets.values["refresh_token"] == "r2")
    #expect(secrets.values["refreshToken"] == nil)
    #expect(TokenPair(secrets: secrets)?.accessToken == "a")
    #expect(Secrets(bytes: Array("[]".utf8)) == nil)
  }

  @Test func `a pair is renewed a minute before its end`() throws {
    let now = Timestamp.now()
    let pair = try #require(TokenPair(answer: ["access_token": "a", "expires_in": 3600], at: now))
    #expect(pair.isFresh(at: now + .seconds(3500)))
    #expect(!pair.isFresh(at: now + .seconds(3541)))
    #expect(TokenPair(answer: ["expires_in": 1], at: now) == nil)
    #expect(TokenPair(accessToken: "a", refreshToken: nil, expiresAt: nil).isFresh(at: now))
  }
}
