package import RabbitMQ
package import Topology

/// Settings that some commands can do without.
extension Settings {
  /// The database, or a sentence that says how to name one.
  package func requiredDatabaseURL() throws(SettingsError) -> Secret {
    guard let databaseURL else {
      throw SettingsError(problems: [
        "DATABASE_URL is not set: give a Postgres connection string such as postgresql://user@host/crossdock"
      ])
    }
    return databaseURL
  }

  /// The brokers, or a sentence that says how to name one.
  package func requiredBrokers() throws(SettingsError) -> [Address] {
    guard !brokers.isEmpty else {
      throw SettingsError(problems: [
        "AMQP_URL is not set: give the address of RabbitMQ such as amqp://user:password@host"
      ])
    }
    return brokers
  }

  /// The key of credentials at rest, or a sentence that says how to make one.
  package func requiredSecretKey() throws(SettingsError) -> Secret {
    guard let secretKey else {
      throw SettingsError(problems: [
        "CROSSDOCK_SECRET_KEY is not set: give 32 random bytes in base64, as `head -c32 /dev/urandom | base64` prints"
      ])
    }
    return secretKey
  }

  /// The key that signs bearer tokens, or a sentence that says how to make one.
  package func requiredTokenSecret() throws(SettingsError) -> Secret {
    guard let tokenSecret else {
      throw SettingsError(problems: ["API_JWT_SECRET is not set: give a long random text"])
    }
    return tokenSecret
  }

  /// The exchanges and queues of the namespace.
  package var topology: Topology {
    Topology(namespace: namespace, delays: delays, deliveryLimit: deliveryLimit)
  }
}
