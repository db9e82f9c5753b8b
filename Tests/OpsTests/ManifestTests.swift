import Foundation
import JSON
import Settings
import Testing
import Topology

/// Containers can't be run here: what can be checked is that the files speak of the executable that there is.
struct ManifestTests {
  static let manifests = OpsFiles.paths(below: "ops/kubernetes", ending: ".yaml")

  /// With nothing configured.
  static func standards() throws -> Settings {
    try Settings.load(environment: [:], directory: "/nowhere")
  }

  static func resources(_ kind: String) throws -> [JSON] {
    try manifests.flatMap { try OpsFiles.yaml($0) }.filter { $0["kind"].text == kind }
  }

  static func containers(_ deployment: JSON) -> [JSON] {
    let spec = deployment["spec"]["template"]["spec"]
    return spec["initContainers"].array + spec["containers"].array
  }

  @Test func `every container of every manifest starts a command that the binary knows`() async throws {
    var count = 0
    for deployment in try Self.resources("Deployment") {
      for container in Self.containers(deployment) {
        let arguments = container["args"].array.compactMap(\.text)
        #expect(await Invocation.status(arguments) == 78, "\(arguments)")
        count += 1
      }
    }
    #expect(count > 20)
    for (name, service) in try OpsFiles.yaml("ops/docker/compose.yaml")[0]["services"].object
    where service["image"].text == "crossdock" {
      #expect(await Invocation.status(service["command"].array.compactMap(\.text)) == 78, "\(name)")
    }
  }

  @Test func `every role has a deployment`() async throws {
    var deployed: Set<String> = []
    for deployment in try Self.resources("Deployment") {
      let arguments = Self.containers(deployment).last?["args"].array.compactMap(\.text) ?? []
      if arguments.first == "worker" {
        deployed.formUnion(arguments.filter { !$0.hasPrefix("--") }.dropFirst())
      }
    }
    #expect(deployed == Set(try await Invocation.roles()))
  }

  @Test func `ports are those that the processes listen on, and probes ask for what is served`() throws {
    let standards = try Self.standards()
    let configuration = try #require(try Self.resources("ConfigMap").first)["data"]
    #expect(configuration["API_GATEWAY_PORT"].integer == Int64(standards.gatewayPort))
    #expect(configuration["METRICS_PORT"].integer == Int64(standards.metricsPort))
    let served = try OpsFiles.text("Sources/Gateway/Gateway.swift")
    for deployment in try Self.resources("Deployment") {
      let container = try #require(Self.containers(deployment).last)
      let isGateway = container["args"][0].text == "gateway"
      let port = isGateway ? standards.gatewayPort : standards.metricsPort
      #expect(container["ports"][0]["containerPort"].integer == Int64(port))
      let annotations = deployment["spec"]["template"]["metadata"]["annotations"]
      #expect(annotations["prometheus.io/port"].integer == Int64(port))
      for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let request = container[probe]["httpGet"]
        #expect(request["port"] == container["ports"][0]["name"])
        #expect(served.contains("\"\(request["path"].text ?? "?")\""))
      }
    }
    let dockerfile = try OpsFiles.text("ops/docker/Dockerfile")
    #expect(dockerfile.contains("EXPOSE \(standards.gatewayPort) \(standards.metricsPort)\n"))
    let compose = try OpsFiles.yaml("ops/docker/compose.yaml")[0]
    #expect(
      compose["services"]["gateway"]["ports"][0].text == "\(standards.gatewayPort):\(standards.gatewayPort)")
  }

  @Test func `every variable is one that the binary reads`() throws {
    let known = Set(try Self.standards().effective.map(\.name))
    var named: Set<String> = []
    for map in try Self.resources("ConfigMap") { named.formUnion(map["data"].object.keys) }
    for secret in try Self.resources("Secret") where secret["metadata"]["name"].text == "crossdock" {
      named.formUnion(secret["stringData"].object.keys)
    }
    for service in try OpsFiles.yaml("ops/docker/compose.yaml")[0]["services"].object.values
    where service["image"].text == "crossdock" {
      named.formUnion(service["environment"].object.keys)
    }
    for line in try OpsFiles.text(".env.example").matches(of: /(?m)^#?([A-Z][A-Z_]+)=/) {
      named.insert(String(line.1))
    }
    #expect(named.count > 30)
    #expect(named.subtracting(known) == [])
  }

  @Test func `a pod is given longer to end than the process takes`() throws {
    for deployment in try Self.resources("Deployment") {
      let spec = deployment["spec"]["template"]["spec"]
      let hook = Self.containers(deployment).last?["lifecycle"]["preStop"]["exec"]["command"].array ?? []
      let pause = hook.last?.integer ?? 0
      #expect((spec["terminationGracePeriodSeconds"].integer ?? 0) > pause + 30)
    }
    #expect(
      try OpsFiles.yaml("ops/docker/compose.yaml")[0]["services"]["worker"]["stop_grace_period"].text == "45s"
    )
  }

  @Test func `selectors select, and each deployment has a disruption budget`() throws {
    let labels = try Self.resources("Deployment").map { $0["spec"]["template"]["metadata"]["labels"] }
    func isSelected(_ selector: JSON) -> Bool {
      labels.contains { label in selector.object.allSatisfy { label[$0.key] == $0.value } }
    }
    for deployment in try Self.resources("Deployment") {
      #expect(isSelected(deployment["spec"]["selector"]["matchLabels"]))
      #expect(deployment["metadata"]["namespace"].text == "crossdock")
    }
    for service in try Self.resources("Service") { #expect(isSelected(service["spec"]["selector"])) }
    let budgets = try Self.resources("PodDisruptionBudget")
    #expect(
      Set(budgets.map { $0["spec"]["selector"]["matchLabels"] })
        == Set(try Self.resources("Deployment").map { $0["spec"]["selector"]["matchLabels"] }))
  }

  @Test func `each queue that a worker consumes is scaled by its own length, unacked messages included`()
    throws
  {
    let deployments = Dictionary(
      uniqueKeysWithValues: try Self.resources("Deployment").map { ($0["metadata"]["name"], $0) })
    let authentications = try Self.resources("TriggerAuthentication").map { $0["metadata"]["name"] }
    let scaled = try Self.resources("ScaledObject")
    #expect(scaled.count == deployments.count - 3)
    for object in scaled {
      let deployment = try #require(deployments[object["spec"]["scaleTargetRef"]["name"]])
      let role = Self.containers(deployment).last?["args"].array.last?.text ?? ""
      let trigger = object["spec"]["triggers"][0]
      #expect(trigger["metadata"]["queueName"].text == Queue(rawValue: role).map { Topology().name($0) })
      #expect(trigger["metadata"]["protocol"].text == "http")
      #expect(trigger["metadata"]["excludeUnacknowledged"].text == "false")
      #expect(authentications.contains(trigger["authenticationRef"]["name"]))
      #expect(deployment["spec"]["replicas"].isNull)
    }
  }

  @Test func `kustomize takes every manifest but the example of secrets`() throws {
    let kustomization = try #require(try Self.resources("Kustomization").first)
    let listed = kustomization["resources"].array.compactMap(\.text).map { "ops/kubernetes/" + $0 }
    let others: Set = ["ops/kubernetes/kustomization.yaml", "ops/kubernetes/secret.example.yaml"]
    #expect(Set(listed) == Set(Self.manifests).subtracting(others))
  }

  @Test func `what could not be run says so`() throws {
    for path in Self.manifests + [
      "ops/docker/Dockerfile", "ops/docker/compose.yaml", "ops/kubernetes/README.md",
    ]
    where !path.contains("example") && !path.hasSuffix("kustomization.yaml") {
      #expect(try OpsFiles.text(path).contains("UNTRIED"), "\(path)")
    }
  }

  @Test func `the image holds the executable with its resources, and does not run as root`() throws {
    let dockerfile = try OpsFiles.text("ops/docker/Dockerfile")
    #expect(dockerfile.contains("--static-swift-stdlib --product crossdock"))
    #expect(dockerfile.contains(".build/release/crossdock .build/release/crossdock_*.resources /product/"))
    #expect(dockerfile.contains("\nUSER 65532:65532\n"))
    #expect(dockerfile.contains("ENTRYPOINT [\"/opt/crossdock/crossdock\"]"))
  }
}
