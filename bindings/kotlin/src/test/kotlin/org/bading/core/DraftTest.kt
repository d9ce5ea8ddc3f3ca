package org.bading.core

import java.nio.file.Path
import kotlin.io.path.writeBytes
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A draft outlives the app: what a call has returned is there after a restart. */
class DraftTest {
    @TempDir
    lateinit var folder: Path

    private val here = SeenPlace(PEOPLES_SQUARE, accuracyM = 8.0, isMock = true)

    @Test
    fun draft_cameraKillsTheApp_goesOnWithPhotoAndForm() {
        val target = folder.resolve("camera.jpg")
        val (draftId, slot) = openPhone(folder).use { phone ->
            val draft = phone.startDraft()
            phone.setDraft(draft.draftId, DraftValue.Class("010101"))
            phone.setDraft(draft.draftId, DraftValue.Note("a broken kerb"))
            val expected =
                phone.expectDraftPhoto(draft.draftId, PhotoRole.FAR, "$target", here)
            assertFalse(expected.isTaken)
            draft.draftId to expected.slot
        }
        target.writeBytes(drawJpeg(1))
        withPhone(folder) { phone ->
            val draft = phone.listDrafts().single()
            assertEquals(draftId, draft.draftId)
            assertEquals("010101" to "a broken kerb", draft.classCode to draft.note)
            val photo = draft.photos.single()
            assertEquals(slot, photo.slot)
            assertEquals("$target", photo.target)
            assertEquals(here, photo.place)

            val file = PhotoFile(PhotoSource.Path("$target"))
            val taken = phone.takeDraftPhoto(slot, file, PhotoMoment())
            assertTrue(taken.isTaken)
            assertEquals(photo.at, taken.at)
            val outcome = phone.reportDraft(draftId)
            assertEquals(draftId, outcome.caseId)
            assertEquals(PhotoRole.FAR, outcome.photos.single().role)
            assertEquals(outcome.commit, phone.reportDraft(draftId).commit)
            assertTrue(phone.listDrafts().isEmpty())
            assertEquals(draftId, phone.listCases().cases.single().caseId)
            val values = phone.showCase(draftId).fields.associate { it.field to it.said.value }
            assertEquals(FieldValue.Place(PEOPLES_SQUARE, 8.0, true), values[Field.PLACE])
            assertTrue(phone.verify().isSound)
        }
    }

    @Test
    fun draft_fieldsSetAndEmptied_areAsLastSaid() = withPhone(folder) { phone ->
        val id = phone.startDraft().draftId
        phone.setDraft(id, DraftValue.Place(here))
        phone.setDraft(id, DraftValue.SeenAt(1_772_323_200_000uL))
        assertEquals(here, phone.showDraft(id).place)
        assertEquals("2026-03-01T00:00:00.000Z", phone.showDraft(id).seenAt)
        phone.clearDraft(id, DraftField.PLACE)
        assertEquals(null, phone.clearDraft(id, DraftField.SEEN_AT).seenAt)
        assertEquals(null, phone.showDraft(id).place)
    }

    @Test
    fun draft_photoRemovedAndDraftDiscarded_areGone() = withPhone(folder) { phone ->
        val id = phone.startDraft().draftId
        val added = phone.addDraftPhoto(id, photoOf(drawJpeg(1)), PhotoMoment())
        assertTrue(phone.removeDraftPhoto(added.slot).photos.isEmpty())
        assertFailsWith<CoreException.NotFound> { phone.removeDraftPhoto(added.slot) }
        assertFailsWith<CoreException.InvalidInput> { phone.reportDraft(id) }
        phone.discardDraft(id)
        assertFailsWith<CoreException.NotFound> { phone.showDraft(id) }
        assertFailsWith<CoreException.InvalidInput> { phone.showDraft("no id") }
    }
}
