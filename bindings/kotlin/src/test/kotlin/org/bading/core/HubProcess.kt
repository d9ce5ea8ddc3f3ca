package org.bading.core

import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.io.path.writeText

/**
 * A real hub: the `bading` command in a process of its own, on a free port. Closing it stops
 * the process, so that no test leaves one behind.
 */
internal class HubProcess private constructor(
    private val dir: Path,
    private val process: Process,
    val url: String,
) : AutoCloseable {
    /** A one-use code for a person in a role. */
    fun createCode(role: String, person: String): String {
        val answer = answerOf(
            "hub", "admin", "--dir", "$dir",
            "code", "create", "--role", role, "--person", person, "--json",
        )
        return textOf("code", answer) ?: error("no code in: $answer")
    }

    /** Puts planned routes in force: the text of a GeoJSON file. */
    fun importRoutes(geoJson: String) {
        val file = dir.resolve("routes.geojson").also { it.writeText(geoJson) }
        answerOf("hub", "import", "--dir", "$dir", "routes", "$file", "--json")
    }

    /** Puts facilities in force: the text of a CSV file. */
    fun importFacilities(csv: String) {
        val file = dir.resolve("facilities.csv").also { it.writeText(csv) }
        answerOf("hub", "import", "--dir", "$dir", "facilities", "$file", "--json")
    }

    override fun close() {
        process.destroy()
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor()
        }
    }

    companion object {
        /** The zone of the hub and of what is reported to it. */
        const val ZONE = "310101"

        /** Makes a hub in `dir` and waits until it listens. */
        fun start(dir: Path): HubProcess {
            answerOf("hub", "init", "--dir", "$dir", "--zone", ZONE, "--json")
            val process = command(
                "hub", "serve", "--dir", "$dir", "--listen", "127.0.0.1:0", "--json",
            ).start()
            val line = process.inputReader().readLine()
            val url = line?.let { textOf("listening", it) }
            if (url == null) {
                process.destroyForcibly().waitFor()
                error("the hub does not listen; it said: $line")
            }
            return HubProcess(dir, process, url)
        }

        private fun command(vararg arguments: String): ProcessBuilder {
            val bading = System.getProperty("bading.command")
                ?: error("`cargo xtask kotlin` passes the bading command as bading.command")
            val builder = ProcessBuilder(bading, *arguments)
            // What goes wrong is shown among the tests, what goes well is not.
            builder.environment()["RUST_LOG"] = "warn"
            return builder.redirectError(ProcessBuilder.Redirect.INHERIT)
        }

        private fun answerOf(vararg arguments: String): String {
            val process = command(*arguments).start()
            val answer = process.inputReader().readText()
            val exit = process.waitFor()
            check(exit == 0) { "bading ${arguments.joinToString(" ")} exited with $exit" }
            return answer
        }

        /** The JVM has no JSON of its own, and one text is all that is needed of an answer. */
        private fun textOf(name: String, json: String): String? =
            Regex("\"$name\"\\s*:\\s*\"([^\"]*)\"").find(json)?.groupValues?.get(1)
    }
}
