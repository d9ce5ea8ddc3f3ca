package org.bading.core

import java.nio.file.Path
import kotlin.io.path.writeBytes
import kotlin.io.path.writeText
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Reports are made offline, before any enrolment, and bad ones leave nothing behind. */
class CaptureTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun report_beforeEnrolment_isListedAndShown() = withPhone(folder) { phone ->
        val file = folder.resolve("near.jpg").also { it.writeBytes(drawJpeg(1)) }
        val outcome = phone.report(
            reportOf(
                PhotoFile(PhotoSource.Path("$file")),
                photoOf(drawJpeg(2), PhotoRole.REFERENCE),
                note = "a broken kerb",
            ),
        )
        assertEquals(listOf(PhotoRole.NEAR, PhotoRole.REFERENCE), outcome.photos.map { it.role })
        val grid = assertNotNull(outcome.grid)
        assertTrue(grid.startsWith("h3:"), "no city has told its own grid yet: $grid")

        val line = phone.listCases().cases.single()
        assertEquals(outcome.caseId, line.caseId)
        assertEquals(Phase.REPORTED, line.phase)
        assertTrue(line.isProvisional)

        val detail = phone.showCase(outcome.caseId)
        assertEquals(line, detail.line)
        assertEquals(Source.CITIZEN, detail.source, "nobody has made this device an inspector's")
        assertEquals(outcome.photos.map { it.hash }, detail.photos.map { it.hash })
        assertTrue(detail.photos.all { it.isHere && !it.isAtHub })
        val values = detail.fields.associate { it.field to it.said.value }
        assertEquals(FieldValue.Text("a broken kerb"), values[Field.NOTE])
        assertEquals(FieldValue.Place(PEOPLES_SQUARE, 8.0, false), values[Field.PLACE])

        val status = phone.status()
        assertEquals(1uL, status.outboxCount)
        assertEquals(2uL, status.pendingBlobsCount)
        assertNull(status.role)
        assertTrue(phone.verify().isSound)
    }

    @Test
    fun report_storeOpenedAgain_isStillThere() {
        val caseId = openPhone(folder).use { it.report(reportOf()).caseId }
        withPhone(folder) { phone ->
            assertEquals(caseId, phone.listCases().cases.single().caseId)
        }
    }

    @Test
    fun report_textNamedJpg_isInvalidInputAndLeavesNothing() =
        withPhone(folder) { phone ->
            val file = folder.resolve("secret-name.jpg").also { it.writeText("not a photo") }
            val photo = PhotoFile(PhotoSource.Path("$file"))
            val error = assertFailsWith<CoreException.InvalidInput> {
                phone.report(reportOf(photo))
            }
            assertEquals("invalid_input", error.code)
            assertFalse("secret-name" in error.message, error.message)
            assertTrue(phone.listCases().cases.isEmpty())
            assertEquals(0uL, phone.status().outboxCount)
        }

    @Test
    fun report_fileThatIsNotThere_isInvalidInput() = withPhone(folder) { phone ->
        val photo = PhotoFile(PhotoSource.Path("${folder.resolve("none.jpg")}"))
        assertFailsWith<CoreException.InvalidInput> { phone.report(reportOf(photo)) }
        assertTrue(phone.listCases().cases.isEmpty())
    }

    @Test
    fun report_withoutPhoto_isInvalidInput() = withPhone(folder) { phone ->
        assertFailsWith<CoreException.InvalidInput> { phone.report(ReportRequest(listOf())) }
        assertTrue(phone.listCases().cases.isEmpty())
    }

    @Test
    fun report_latitudeAndLongitudeSwapped_isInvalidInputThatDoesNotTellThem() =
        withPhone(folder) { phone ->
            val swapped = LatLon(latDeg = 121.4737, lonDeg = 31.2304)
            val error = assertFailsWith<CoreException.InvalidInput> {
                phone.report(reportOf().copy(at = swapped))
            }
            assertFalse("121" in error.message, error.message)
            assertTrue(phone.listCases().cases.isEmpty())
        }

    @Test
    fun report_seenAfterTheLastInstantOfTheFormat_leavesTheStoreSound() =
        withPhone(folder) { phone ->
            assertFailsWith<CoreException.InvalidInput> {
                phone.report(reportOf().copy(takenAtMs = ULong.MAX_VALUE))
            }
            assertTrue(phone.verify().isSound)
        }
}
