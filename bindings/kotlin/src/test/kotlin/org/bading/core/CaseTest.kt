package org.bading.core

import java.nio.file.Path
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Acts on cases, offline, on a device that nobody has granted anything. */
class CaseTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun listCases_inPagesOfTwo_givesEveryCaseOnce() = withPhone(folder) { phone ->
        val reported = (1..3).map { phone.report(reportOf(photoOf(drawJpeg(it)))).caseId }
        val first = phone.listCases(limit = 2u)
        val second = phone.listCases(after = assertNotNull(first.next), limit = 2u)
        assertEquals(2, first.cases.size)
        assertNull(second.next)
        assertEquals(reported.toSet(), (first.cases + second.cases).map { it.caseId }.toSet())
        assertEquals(3, first.cases.size + second.cases.size)
    }

    @Test
    fun listCases_filteredByPhase_givesOnlyThatPhase() = withPhone(folder) { phone ->
        phone.report(reportOf())
        assertEquals(1, phone.listCases(CaseFilter(phase = Phase.REPORTED)).cases.size)
        assertEquals(0, phone.listCases(CaseFilter(phase = Phase.CLOSED)).cases.size)
    }

    @Test
    fun listCases_afterThatNoPageGave_isInvalidInput() = withPhone(folder) { phone ->
        assertFailsWith<CoreException.InvalidInput> { phone.listCases(after = "yesterday") }
    }

    @Test
    fun showCase_unknownCase_isNotFound() = withPhone(folder) { phone ->
        val error = assertFailsWith<CoreException.NotFound> {
            phone.showCase("00000000-0000-4000-8000-000000000000")
        }
        assertEquals("not_found", error.code)
    }

    @Test
    fun showCase_textThatIsNoCaseId_isInvalidInput() = withPhone(folder) { phone ->
        assertFailsWith<CoreException.InvalidInput> { phone.showCase("the second one") }
    }

    @Test
    fun comment_onOwnReport_standsInItsHistory() = withPhone(folder) { phone ->
        val caseId = phone.report(reportOf()).caseId
        val acted = phone.comment(caseId, "it is getting worse")
        val entry = phone.showCase(caseId).timeline.single { it.commit == acted.commit }
        assertEquals("comment", entry.what)
        assertEquals("it is getting worse", entry.text)
        assertEquals(Outcome.EFFECTIVE, entry.outcome)
    }

    @Test
    fun amend_onOwnReport_replacesTheValue() = withPhone(folder) { phone ->
        val caseId = phone.report(reportOf(note = "a kerb")).caseId
        phone.amend(caseId, Field.NOTE, "a broken kerb")
        val note = phone.showCase(caseId).fields.single { it.field == Field.NOTE }
        assertEquals(FieldValue.Text("a broken kerb"), note.said.value)
        assertTrue(note.alsoSaid.isEmpty(), "the device knew the value that it replaced")
    }

    @Test
    fun moveCase_withoutTheRole_isNotAllowedAndMovesNothing() = withPhone(folder) { phone ->
        val caseId = phone.report(reportOf()).caseId
        val error = assertFailsWith<CoreException.NotAllowed> {
            phone.moveCase(caseId, Action.FILE)
        }
        assertEquals("not_allowed", error.code)
        assertContains(error.message, "not_allowed")
        assertEquals(Phase.REPORTED, phone.showCase(caseId).line.phase)
    }

    @Test
    fun moveCase_withdrawnTwice_isNotAllowedTheSecondTime() = withPhone(folder) { phone ->
        val caseId = phone.report(reportOf()).caseId
        val why = MoveDetails(reason = "it was repaired meanwhile")
        assertEquals(Phase.WITHDRAWN, phone.moveCase(caseId, Action.WITHDRAW, why).phase)
        assertFailsWith<CoreException.NotAllowed> {
            phone.moveCase(caseId, Action.WITHDRAW, why)
        }
    }
}
