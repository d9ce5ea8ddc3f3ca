package org.bading.core

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

/** What is near, with the hub gone. */
@Timeout(120)
class NearestTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun nearestFacilities_afterASync_areFoundWithoutTheHub(): Unit = runBlocking {
        openPhone(folder).use { phone ->
            val error = assertFailsWith<CoreException.NotFound> {
                phone.nearestFacilities(listOf("toilet"), PEOPLES_SQUARE)
            }
            assertEquals("not_found", error.code)
            HubProcess.start(folder.resolve("hub")).use { hub ->
                hub.importFacilities(
                    """
                    id,kind,name,lat,lon,opening_hours
                    T-1,公厕,人民广场,31.2314,121.4737,24/7
                    T-2,公厕,,31.2404,121.4737,
                    """.trimIndent(),
                )
                phone.enrol(hub.url, hub.createCode("inspector", "i-001"))
                phone.sync()
            }
            val answer = phone.nearestFacilities(listOf("toilet"), PEOPLES_SQUARE)
            assertEquals(listOf("T-1", "T-2"), answer.facilities.map { it.id })
            val first = answer.facilities.first()
            assertEquals(110.87, first.distanceM, 0.01)
            assertEquals(0.0, first.bearingDeg, 1e-6)
            assertEquals(true, first.isOpen)
            assertEquals(null, answer.facilities.last().isOpen)
            assertEquals("公厕", answer.kinds.single().labelZh)
            assertFailsWith<CoreException.InvalidInput> {
                phone.nearestFacilities(listOf("helipad"), PEOPLES_SQUARE)
            }
        }
    }
}
