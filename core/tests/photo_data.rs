//! Real photos against what exiftool and Pillow say about them (`photos/manifest.csv`).
#![cfg(feature = "photo")]

#[test]
fn explore() {
    let root = std::path::PathBuf::from("/work/shared/data/photos");
    let mut reader = csv::Reader::from_path(root.join("manifest.csv")).expect("m");
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().map(|r| r.expect("row")).collect();
    for row in rows {
        let bytes = std::fs::read(root.join(&row["file"])).expect("read");
        let t = std::time::Instant::now();
        let got = bading_core::photo::capture(&bytes, &[320]);
        let ms = t.elapsed().as_millis();
        let ins = bading_core::photo::inspect(&bytes);
        println!(
            "{} | {ms} ms | {}x{} pil={} {}",
            row["file"],
            row["width"],
            row["height"],
            row["pillow_decode"],
            match &got {
                Ok(c) => format!("OK {:?}", c.facts.problems),
                Err(e) => format!("ERR {e:?}"),
            }
        );
        match ins {
            Err(e) => println!("   inspect ERR {e:?}"),
            Ok(f) => {
                let w = |a: &str, b: String| {
                    if row[a] != b {
                        println!("   {a}: manifest={:?} ours={b:?}", row[a])
                    }
                };
                if row["class"].starts_with("bad") {
                    continue;
                }
                w("width", f.width_px.to_string());
                w("height", f.height_px.to_string());
                w("orientation", f.orientation.to_string());
                w("make", f.make.clone().unwrap_or_default());
                w("model", f.model.clone().unwrap_or_default());
                w("offset_original", f.offset.clone().unwrap_or_default());
                if !row["datetime_original"].is_empty() || f.taken_at.is_some() {
                    println!(
                        "   t {} {} {:?}",
                        row["datetime_original"], row["subsec"], f.taken_at
                    );
                }
                let lat = row["gps_lat"].parse::<f64>().ok();
                let lon = row["gps_lon"].parse::<f64>().ok();
                match (lat, f.position) {
                    (Some(a), Some((b, c)))
                        if (a - b).abs() < 1e-6 && (lon.unwrap() - c).abs() < 1e-6 => {}
                    (None, None) => {}
                    x => println!("   POS {x:?} {lon:?}"),
                }
                let alt = row["gps_alt_m"].parse::<f64>().ok();
                match (alt, f.altitude_m) {
                    (Some(a), Some(b)) if (a - b).abs() < 1e-3 => {}
                    (None, None) => {}
                    x => println!("   ALT {x:?}"),
                }
                println!(
                    "   phash {:016x} sharp {:.0} bright {:.2}",
                    f.phash.unwrap_or(0),
                    f.sharpness.unwrap_or(-1.0),
                    f.brightness.unwrap_or(-1.0)
                );
            }
        }
    }
}
