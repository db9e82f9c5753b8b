import RabbitMQ
import Testing

struct AddressTests {
  @Test func `a URL's parts are decoded`() throws {
    let address = try Address("amqp://us%40er:p%2Fa%2Css@rabbit.example:5673/my%2Fhost")
    #expect(address.host == "rabbit.example")
    #expect(address.port == 5673)
    #expect(address.user == "us@er")
    #expect(address.password == "p/a,ss")
    #expect(address.virtualHost == "my/host")
    #expect(!address.usesTLS)
  }

  @Test(arguments: [
    "amqp://", "amqp://localhost", "amqp://localhost/", "amqp://localhost/%2F", "AMQP://localhost",
  ])
  func `what is not said is the broker's default`(url: String) throws {
    let address = try Address(url)
    #expect(address.host == "localhost")
    #expect(address.port == 5672)
    #expect(address.user == "guest")
    #expect(address.password == "guest")
    #expect(address.virtualHost == "/")
  }

  @Test func `amqps has a port of its own, and options for its certificates`() throws {
    let address = try Address("amqps://a:b@host/?cacertfile=/etc/ca.pem&verify=verify_none&heartbeat=7")
    #expect(address.usesTLS)
    #expect(address.port == 5671)
    #expect(address.authorities == "/etc/ca.pem")
    #expect(!address.verifiesPeer)
    #expect(try Address("amqps://host").verifiesPeer)
  }

  @Test func `several brokers are read in their order`() throws {
    let addresses = try Address.parse("amqp://one:1111, amqp://two,amqp://[::1]:3")
    #expect(addresses.map(\.host) == ["one", "two", "::1"])
    #expect(addresses.map(\.port) == [1111, 5672, 3])
  }

  @Test(arguments: [
    "", " ", ",", "http://host", "host:5672", "amqp://host:0", "amqp://host:99999", "amqp://host:x",
    "amqp://a%00b@host", "amqp://u:p@host/%2F DATABASE_URL=postgresql://u:p@host", "amqp://u:p@host/a b",
    "amqp://u:p@host/x/http://u:p@host",
  ])
  func `what is no broker's URL is refused without being repeated`(url: String) {
    #expect { try Address.parse("\(url)") } throws: {
      "\($0)".contains("broker's URL") && !"\($0)".contains("u:p")
    }
  }

  @Test func `where it is is shown, and nothing else`() throws {
    let address = try Address("amqp://user:secret@host/v")
    var dumped = ""
    dump(address, to: &dumped)
    for text in ["\(address)", String(reflecting: address), dumped, "\([address])"] {
      #expect(!text.contains("secret") && !text.contains("user"))
    }
    #expect("\(address)" == "amqp://host:5672")
  }
}
