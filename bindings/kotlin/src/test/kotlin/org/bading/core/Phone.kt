package org.bading.core

import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.nio.file.Path
import javax.imageio.ImageIO

/** Opens a store of its own below a test's folder. */
internal fun openPhone(below: Path, name: String = "phone"): FieldCore =
    FieldCore.open("${below.resolve(name)}")

/**
 * Opens a store, acts and closes it. It gives nothing, whatever `act` ends with: JUnit passes
 * over a test function that returns something, and says nothing.
 */
internal fun withPhone(below: Path, act: (FieldCore) -> Unit): Unit = openPhone(below).use(act)

/** A real JPEG without metadata; another seed is another picture. */
internal fun drawJpeg(seed: Int = 0): ByteArray {
    val picture = BufferedImage(640, 480, BufferedImage.TYPE_INT_RGB)
    for (y in 0 until picture.height) {
        for (x in 0 until picture.width) {
            val block = (x / 40 + y / 40 + seed) % 7 * 36
            picture.setRGB(x, y, (x * 255 / 640 shl 16) or (y * 255 / 480 shl 8) or block)
        }
    }
    val bytes = ByteArrayOutputStream()
    check(ImageIO.write(picture, "jpg", bytes)) { "this JVM writes no JPEG" }
    return bytes.toByteArray()
}

/** A photo that is handed over as bytes. */
internal fun photoOf(bytes: ByteArray, role: PhotoRole? = null) =
    PhotoFile(PhotoSource.Bytes(bytes), role)

/** The report that most tests make: one photo at People's Square. */
internal fun reportOf(vararg photos: PhotoFile, note: String? = null) = ReportRequest(
    photos = photos.asList().ifEmpty { listOf(photoOf(drawJpeg())) },
    at = PEOPLES_SQUARE,
    accuracyM = 8.0,
    note = note,
)

internal val PEOPLES_SQUARE = LatLon(latDeg = 31.2304, lonDeg = 121.4737)
