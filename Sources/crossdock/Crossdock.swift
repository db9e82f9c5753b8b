import Commands
import Glibc

/// The executable: hands the arguments to the command library and ends with its status.
@main
enum Main {
  static func main() async {
    let status = await Program.run(Array(CommandLine.arguments.dropFirst()))
    exit(status)
  }
}
