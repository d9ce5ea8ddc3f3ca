package org.bading.core

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.readBytes
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A store is sealed with a key that the host's own keystore wraps. */
class KeyStoreTest {
    @TempDir
    lateinit var folder: Path

    /** Stands for hardware: it can be locked, and another one has another key. */
    private class Hardware(private val mask: Byte) : KeyStore {
        var isLocked = false

        override fun wrap(dataKey: ByteArray): ByteArray = unwrap(dataKey)

        override fun unwrap(wrapped: ByteArray): ByteArray {
            if (isLocked) throw KeyStoreException.Unavailable()
            return ByteArray(wrapped.size) { (wrapped[it].toInt() xor mask.toInt()).toByte() }
        }
    }

    private class Thrower : KeyStore {
        override fun wrap(dataKey: ByteArray): ByteArray = error("no hardware")
        override fun unwrap(wrapped: ByteArray): ByteArray = error("no hardware")
    }

    private val store get() = "${folder.resolve("phone")}"

    private fun bytes(): Map<Path, List<Byte>> = Files.walk(folder.resolve("phone")).use { all ->
        all.filter(Files::isRegularFile).toList().associateWith { it.readBytes().toList() }
    }

    @Test
    fun storeOfOnesOwnKeystore_opensWithItAndTellsNothingElse() {
        val hardware = Hardware(0x35)
        val case = FieldCore.open(store, hardware).use {
            it.report(reportOf(note = "a broken kerb at no. 12")).caseId
        }
        val note = "a broken kerb".toByteArray().toList()
        bytes().forEach { (path, found) ->
            assertFalse(found.windowed(note.size).any { it == note }, "$path")
        }
        FieldCore.open(store, hardware).use { assertEquals(case, it.listCases().cases.single().caseId) }
    }

    @Test
    fun lockedOrOtherKeystore_isToldSoAndTheStoreIsAsItWas() {
        val hardware = Hardware(0x35)
        FieldCore.open(store, hardware).use { it.report(reportOf()) }
        val before = bytes()
        hardware.isLocked = true
        assertFailsWith<CoreException.KeyUnavailable> { FieldCore.open(store, hardware) }
        assertFailsWith<CoreException.KeyUnavailable> { FieldCore.open(store, Thrower()) }
        assertFailsWith<CoreException.BadKey> { FieldCore.open(store, Hardware(0x36)) }
        assertEquals(before, bytes())
        hardware.isLocked = false
        FieldCore.open(store, hardware).use { assertEquals(1, it.listCases().cases.size) }
    }

    @Test
    fun keyIsChanged_andEverythingIsThere() {
        val hardware = Hardware(0x35)
        FieldCore.open(store, hardware).use { it.report(reportOf()) }
        val before = bytes().getValue(folder.resolve("phone/store.keys"))
        FieldCore.changeKey(store, hardware).use {
            assertEquals(1, it.listCases().cases.size)
            assertTrue(it.verify().isSound)
        }
        assertFalse(before == bytes().getValue(folder.resolve("phone/store.keys")))
        FieldCore.open(store, hardware).use { assertTrue(it.verify().isSound) }
    }
}
