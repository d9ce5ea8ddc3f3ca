package org.bading.core

import kotlin.test.assertEquals
import org.junit.jupiter.api.Test

/** The library that the JVM has loaded is the one that this checkout built. */
class CoreVersionTest {
    @Test
    fun coreVersion_calledThroughTheLibrary_isTheWorkspaceVersion() {
        val expected = System.getProperty("bading.version")
            ?: error("`cargo xtask kotlin` passes the workspace version as bading.version")
        assertEquals(expected, coreVersion())
    }
}
