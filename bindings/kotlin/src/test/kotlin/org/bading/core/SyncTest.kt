package org.bading.core

import java.net.InetAddress
import java.net.ServerSocket
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

/** Phones and a real hub: everything that goes over the wire. */
@Timeout(120)
class SyncTest {
    @TempDir
    lateinit var folder: Path

    private fun startHub() = HubProcess.start(folder.resolve("hub"))

    @Test
    fun sync_reportMadeBeforeEnrolment_isFiledBySomebodyElse(): Unit = runBlocking {
        startHub().use { hub ->
            openPhone(folder, "inspector").use { inspector ->
                openPhone(folder, "supervisor").use { supervisor ->
                    val caseId = inspector.report(reportOf(note = "a broken kerb")).caseId

                    val enrolled = inspector.enrol(hub.url, hub.createCode("inspector", "i-001"))
                    assertEquals("i-001", enrolled.person)
                    assertEquals(Role.INSPECTOR, enrolled.role)
                    assertEquals(HubProcess.ZONE, enrolled.zone)
                    supervisor.enrol(hub.url, hub.createCode("supervisor", "s-001"))

                    val sent = inspector.sync()
                    assertEquals(1uL, sent.pushedCount)
                    assertEquals(1uL, sent.photosSentCount)
                    assertTrue(sent.refused.isEmpty())
                    assertEquals(0uL, inspector.status().outboxCount)

                    supervisor.sync()
                    val seen = supervisor.showCase(caseId)
                    assertEquals(Phase.REPORTED, seen.line.phase)
                    val note = seen.fields.single { it.field == Field.NOTE }.said
                    assertEquals(FieldValue.Text("a broken kerb"), note.value)

                    val filed = supervisor.moveCase(caseId, Action.FILE)
                    assertEquals(Phase.FILED, filed.phase)
                    assertNull(supervisor.showCase(caseId).line.number, "only the hub numbers")
                    assertEquals(1uL, supervisor.sync().pushedCount)
                    val official = supervisor.showCase(caseId).line
                    val number = assertNotNull(official.number)
                    assertEquals(false, official.isProvisional)

                    inspector.sync()
                    val back = inspector.showCase(caseId)
                    assertEquals(Phase.FILED, back.line.phase)
                    assertEquals(number, back.line.number)
                    assertTrue(back.photos.single().isAtHub)
                    assertTrue(back.timeline.all { it.outcome == Outcome.EFFECTIVE })

                    for (phone in listOf(inspector, supervisor)) {
                        val verification = phone.verify()
                        assertTrue(verification.isSound, "${verification.problems}")
                        assertEquals(1uL, verification.casesCount)
                        assertEquals(1uL, verification.ownCommitsCount)
                    }
                }
            }
        }
    }

    @Test
    fun enrol_codeThatAnotherDeviceUsed_isNotAllowedAndEnrolsNobody(): Unit = runBlocking {
        startHub().use { hub ->
            val code = hub.createCode("inspector", "i-001")
            openPhone(folder, "first").use { it.enrol(hub.url, code) }
            openPhone(folder, "second").use { second ->
                val error = assertFailsWith<CoreException.NotAllowed> {
                    second.enrol(hub.url, code)
                }
                assertEquals("not_allowed", error.code)
                assertFailsWith<CoreException.NotAllowed> {
                    second.enrol(hub.url, "no such code")
                }
                assertNull(second.status().person)
            }
        }
    }

    @Test
    fun sync_beforeEnrolment_isNotAllowed(): Unit = runBlocking {
        openPhone(folder).use { phone ->
            assertFailsWith<CoreException.NotAllowed> { phone.sync() }
        }
    }

    @Test
    fun sync_hubStopped_isRetryLaterAndLosesNothing(): Unit = runBlocking {
        openPhone(folder).use { phone ->
            startHub().use { hub -> phone.enrol(hub.url, hub.createCode("inspector", "i-001")) }
            phone.report(reportOf())
            val error = assertFailsWith<CoreException.RetryLater> { phone.sync() }
            assertEquals("retry_later", error.code)
            assertEquals(1uL, phone.status().outboxCount)
            assertTrue(phone.verify().isSound)
        }
    }

    /**
     * The hub here is a socket that is accepted on the very thread that called `enrol`: if the
     * call held that thread, nobody would ever accept.
     */
    @Test
    fun enrol_whileItWaits_leavesItsCallersThreadFree(): Unit = runBlocking {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { mute ->
            openPhone(folder).use { phone ->
                val enrolment = async(start = CoroutineStart.UNDISPATCHED) {
                    val url = "http://127.0.0.1:${mute.localPort}"
                    assertFailsWith<CoreException.RetryLater> { phone.enrol(url, "a code") }
                }
                mute.accept().close()
                enrolment.await()
            }
        }
    }
}
