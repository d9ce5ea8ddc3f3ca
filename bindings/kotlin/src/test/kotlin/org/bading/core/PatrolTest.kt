package org.bading.core

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

/** A walk is recorded offline, survives a restart, and reaches only those it concerns. */
@Timeout(120)
class PatrolTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun patrol_fedOneByOneAndInABatch_isFinishedAndListed() = withPhone(folder) { phone ->
        assertNull(phone.patrolNow())
        val started = phone.startPatrol()
        assertEquals(PatrolPhase.RECORDING, started.phase)
        assertEquals(Mode.WALK, started.mode)
        assertNull(started.route)
        assertNull(started.coverage, "there is no route to cover")

        walk(0..9).forEach { phone.feedPatrol(listOf(it)) }
        phone.feedPatrol(walk(10..19))
        phone.flushPatrol()
        val now = assertNotNull(phone.patrolNow())
        assertEquals(20uL, now.fixesCount)
        assertEquals(20, phone.track(started.patrolId).size, "a map draws it under way")

        val finished = phone.finishPatrol()
        assertEquals(started.patrolId, finished.patrolId)
        assertEquals(PatrolPhase.FINISHED, finished.phase)
        assertNotNull(finished.finished)
        assertEquals(20uL, finished.acceptedCount)
        assertEquals(19 * STEP_M, finished.walkedM, 1.0)
        assertTrue(finished.interruptions.isEmpty())
        assertEquals(0uL, finished.missingPartsCount)
        assertTrue(finished.isProvisional)

        assertNull(phone.patrolNow())
        assertEquals(finished, phone.showPatrol(started.patrolId))
        val line = phone.listPatrols().single()
        assertEquals(started.patrolId, line.patrolId)
        assertEquals(PatrolPhase.FINISHED, line.phase)
        assertEquals(finished.finished, line.finished)
        assertTrue(phone.verify().isSound)
    }

    @Test
    fun track_ofFixesGoodAndBad_givesThemAllBackInOrder() = withPhone(folder) { phone ->
        val mock = walk(2..2).single().copy(isMock = true)
        val vague = walk(3..3).single().copy(accuracyM = 400.0)
        val silent = walk(4..4).single().copy(accuracyM = null)
        val fed = walk(0..1) + mock + vague + silent + walk(5..9)
        val patrolId = phone.startPatrol(PatrolPlan(Mode.BICYCLE)).patrolId
        phone.feedPatrol(fed)
        val finished = phone.finishPatrol()
        assertEquals(Mode.BICYCLE, finished.mode)
        assertEquals(10uL, finished.fixesCount)
        assertEquals(8uL, finished.acceptedCount, "a mock and a vague fix are not believed")
        assertEquals(fed, phone.track(patrolId))
    }

    @Test
    fun interruptPatrol_permissionLost_isNotedInTheTrack() = withPhone(folder) { phone ->
        phone.startPatrol()
        phone.feedPatrol(walk(0..4))
        phone.interruptPatrol(Interruption.PERMISSION_LOST)
        phone.feedPatrol(walk(5..9))
        val finished = phone.finishPatrol()
        assertEquals(listOf(Interruption.PERMISSION_LOST), finished.interruptions.map { it.why })
        assertEquals(10uL, finished.acceptedCount)
    }

    @Test
    fun pausePatrol_untilResumed_takesNoFixes() = withPhone(folder) { phone ->
        phone.startPatrol()
        phone.feedPatrol(walk(0..4))
        assertEquals(PatrolPhase.PAUSED, phone.pausePatrol().phase)
        val error = assertFailsWith<CoreException.NotAllowed> { phone.feedPatrol(walk(5..5)) }
        assertEquals("not_allowed", error.code)
        assertFailsWith<CoreException.NotAllowed> { phone.pausePatrol() }

        assertEquals(PatrolPhase.RECORDING, phone.resumePatrol().phase)
        assertFailsWith<CoreException.NotAllowed> { phone.resumePatrol() }
        phone.feedPatrol(walk(6..9))
        val finished = phone.finishPatrol()
        assertEquals(9uL, finished.fixesCount)
        assertEquals(listOf(Interruption.PAUSED), finished.interruptions.map { it.why })
    }

    @Test
    fun feedPatrol_withoutOne_isNotFound() = withPhone(folder) { phone ->
        assertFailsWith<CoreException.NotFound> { phone.feedPatrol(walk(0..0)) }
        assertFailsWith<CoreException.NotFound> { phone.finishPatrol() }
        val nobodys = "00000000-0000-4000-8000-000000000000"
        assertFailsWith<CoreException.NotFound> { phone.showPatrol(nobodys) }
        assertFailsWith<CoreException.InvalidInput> { phone.track("no patrol") }
        assertTrue(phone.listPatrols().isEmpty())
    }

    @Test
    fun feedPatrol_latitudeAndLongitudeSwapped_isInvalidInputAndTakesNone() =
        withPhone(folder) { phone ->
            phone.startPatrol()
            val swapped = walk(1..1).single().copy(latDeg = 121.4737, lonDeg = 31.2304)
            val error = assertFailsWith<CoreException.InvalidInput> {
                phone.feedPatrol(walk(0..0) + swapped)
            }
            assertFalse("121" in error.message, error.message)
            assertEquals(0uL, phone.finishPatrol().fixesCount)
        }

    @Test
    fun startPatrol_secondOneOrUnknownRoute_isRefusedAndRecordsNothing() =
        withPhone(folder) { phone ->
            assertFailsWith<CoreException.InvalidInput> {
                phone.startPatrol(PatrolPlan(Mode.WALK, route = "R-1"))
            }
            assertTrue(phone.listPatrols().isEmpty())
            phone.startPatrol()
            assertFailsWith<CoreException.NotAllowed> { phone.startPatrol() }
            assertEquals(1, phone.listPatrols().size)
        }

    @Test
    fun patrol_phoneClosedAndOpenedAgain_goesOnWithoutAGap() {
        val started = openPhone(folder).use { phone ->
            phone.startPatrol().also { phone.feedPatrol(walk(0..9)) }
        }
        withPhone(folder) { phone ->
            val now = assertNotNull(phone.patrolNow())
            assertEquals(started.patrolId, now.patrolId)
            assertEquals(10uL, now.fixesCount, "closing wrote what no flush had written")
            phone.feedPatrol(walk(10..19))
            val finished = phone.finishPatrol()
            assertEquals(20uL, finished.acceptedCount)
            assertEquals(19 * STEP_M, finished.walkedM, 1.0)
            assertTrue(finished.interruptions.isEmpty(), "${finished.interruptions}")
        }
    }

    @Test
    fun patrol_takenOverWithoutClosing_saysThatThereIsAGap() {
        openPhone(folder).use { left ->
            left.startPatrol()
            left.feedPatrol(walk(0..4))
            left.flushPatrol()
            withPhone(folder) { phone ->
                phone.feedPatrol(walk(5..9))
                val error = assertFailsWith<CoreException.NotAllowed> { left.flushPatrol() }
                assertEquals("not_allowed", error.code)
                val finished = phone.finishPatrol()
                assertEquals(10uL, finished.fixesCount)
                val why = finished.interruptions.map { it.why }
                assertEquals(listOf(Interruption.PROCESS_ENDED), why)
            }
        }
    }

    @Test
    fun sync_patrolOfAnInspector_reachesSupervisorsAndNoColleague(): Unit = runBlocking {
        HubProcess.start(folder.resolve("hub")).use { hub ->
            openPhone(folder, "walker").use { walker ->
                openPhone(folder, "colleague").use { colleague ->
                    openPhone(folder, "supervisor").use { supervisor ->
                        walker.enrol(hub.url, hub.createCode("inspector", "i-001"))
                        colleague.enrol(hub.url, hub.createCode("inspector", "i-002"))
                        supervisor.enrol(hub.url, hub.createCode("supervisor", "s-001"))

                        val patrolId = walker.startPatrol().patrolId
                        walker.feedPatrol(walk(0..19))
                        val caseId = walker.report(reportOf()).caseId
                        val own = walker.finishPatrol()
                        assertTrue(walker.sync().refused.isEmpty())
                        colleague.sync()
                        supervisor.sync()
                        walker.sync()

                        assertTrue(colleague.listPatrols().isEmpty())
                        assertFailsWith<CoreException.NotFound> { colleague.track(patrolId) }
                        assertEquals(caseId, colleague.listCases().cases.single().caseId)

                        val seen = supervisor.showPatrol(patrolId)
                        assertEquals("i-001", seen.person)
                        assertEquals(PatrolPhase.FINISHED, seen.phase)
                        assertEquals(own.walkedM, seen.walkedM)
                        assertFalse(seen.isProvisional)
                        assertEquals(walk(0..19), supervisor.track(patrolId))
                        assertEquals(seen, walker.showPatrol(patrolId))

                        for (phone in listOf(walker, colleague, supervisor)) {
                            val verification = phone.verify()
                            assertTrue(verification.isSound, "${verification.problems}")
                        }
                    }
                }
            }
        }
    }

    @Test
    fun coverage_ofHalfARoute_saysWhatWasMissedAndWhy(): Unit = runBlocking {
        HubProcess.start(folder.resolve("hub")).use { hub ->
            openPhone(folder).use { phone ->
                hub.importRoutes(ROUTE)
                phone.enrol(hub.url, hub.createCode("inspector", "i-001"))
                phone.sync()

                phone.startPatrol(PatrolPlan(Mode.WALK, route = "R-1"))
                phone.feedPatrol(walk(0..20) + walk(21..21).single().copy(isMock = true))
                val live = assertNotNull(assertNotNull(phone.livePatrol()).live)
                assertEquals(20 * STEP_M, live.leftM, 1.0)
                assertEquals(0.5, live.leftShare, 0.01)
                val nearest = assertNotNull(live.nearestUncovered)
                assertEquals(0.0, nearest.distanceM, 1.0)
                assertEquals(20 * STEP_M, nearest.fromM, 1.0)
                assertNull(live.minutesLeft, "no shift and no window ends")
                assertNull(live.nextCheckpoint)
                val away = phone.livePatrol(LatLon(latDeg = 31.2304, lonDeg = 121.4747))
                assertFalse(assertNotNull(away?.live?.here).isOnRoute)
                val view = phone.finishPatrol()
                assertNull(phone.livePatrol())
                assertEquals("R-1", view.route)
                val coverage = assertNotNull(view.coverage)
                assertEquals(40 * STEP_M, coverage.plannedM, 1.0)
                assertEquals(20 * STEP_M, coverage.coveredM, 1.0)
                assertEquals(0.5, coverage.ratio, 0.01)
                val parts = coverage.coveredM + coverage.unprovenM + coverage.notVisitedM
                assertEquals(coverage.plannedM, parts, 0.01)
                assertEquals(0.0, coverage.intervals.single().fromM, 0.5)
                assertEquals("2026-03-02T00:00:00.000Z", coverage.intervals.single().enter)
                assertEquals(MissReason.NOT_VISITED, coverage.missed.last().reason)
                assertEquals(21uL, coverage.fixes.acceptedCount)
                val rejected = listOf(RejectedFixes(Rejection.MOCK, 1uL))
                assertEquals(rejected, coverage.fixes.rejected)
                assertEquals(listOf(false), coverage.loops.map { it.isLoop })
                assertTrue(coverage.checkpoints.isEmpty())
            }
        }
    }

    @Test
    fun reviewJson_ofInspectorAndSupervisor_isTheSameText(): Unit = runBlocking {
        HubProcess.start(folder.resolve("hub")).use { hub ->
            openPhone(folder, "inspector").use { inspector ->
                openPhone(folder, "supervisor").use { supervisor ->
                    inspector.enrol(hub.url, hub.createCode("inspector", "i-001"))
                    supervisor.enrol(hub.url, hub.createCode("supervisor", "s-001"))
                    val caseId = inspector.report(reportOf()).caseId
                    inspector.sync()
                    supervisor.sync()

                    val now = System.currentTimeMillis().toULong()
                    val from = now - DAY_MS
                    val to = now + DAY_MS
                    val own = inspector.reviewJson(from, to, now, "i-001")
                    assertTrue("\"schema\":\"bading/review/1\"" in own, own)
                    assertTrue(caseId in own, own)
                    assertEquals(supervisor.reviewJson(from, to, now, "i-001"), own)
                    assertFailsWith<CoreException.InvalidInput> {
                        inspector.reviewJson(to, from, now)
                    }
                }
            }
        }
    }

    @Test
    fun startPatrol_ofACitizen_isNotAllowed(): Unit = runBlocking {
        HubProcess.start(folder.resolve("hub")).use { hub ->
            openPhone(folder).use { phone ->
                phone.enrol(hub.url, hub.createCode("citizen", "c-001"))
                val error = assertFailsWith<CoreException.NotAllowed> { phone.startPatrol() }
                assertEquals("not_allowed", error.code)
                assertTrue(phone.listPatrols().isEmpty())
                assertEquals(0uL, phone.status().outboxCount)
            }
        }
    }

    @Test
    fun sync_patrolBegunBeforeEnrolmentAsACitizen_isRefusedByTheHub(): Unit = runBlocking {
        HubProcess.start(folder.resolve("hub")).use { hub ->
            openPhone(folder).use { phone ->
                phone.startPatrol()
                phone.feedPatrol(walk(0..4))
                phone.finishPatrol()
                phone.enrol(hub.url, hub.createCode("citizen", "c-001"))
                val refused = phone.sync().refused
                assertTrue(refused.isNotEmpty())
                assertTrue(refused.all { it.verdict == "refused" }, "$refused")
            }
        }
    }

    private companion object {
        const val DAY_MS = 86_400_000uL
        const val MORNING_MS = 1_772_409_600_000uL
        const val STEP_M = 6.0

        /** Forty steps of [walk] to the north. */
        const val ROUTE = """{"type":"FeatureCollection","features":[{"type":"Feature",
            "properties":{"code":"R-1"},"geometry":{"type":"LineString",
            "coordinates":[[121.4737,31.2304],[121.4737,31.232564]]}}]}"""

        /** A walk to the north from People's Square: a fix every five seconds and six metres. */
        fun walk(steps: IntRange): List<Fix> = steps.map { step ->
            // Whole units of 1e-7 degrees, as fixes are sealed, so that a track equals it.
            val latE7 = 312_304_000L + step * 541L
            Fix(
                atMs = MORNING_MS + 5_000uL * step.toULong(),
                latDeg = latE7 / 1e7,
                lonDeg = 121.4737,
                accuracyM = 6.0,
            )
        }
    }
}
