#!/usr/bin/env python3
"""Coverage by buffer and intersection, as a user of shapely writes it.

Reads a line of JSON for each walk (route and track as lists of lines in lon/lat), prints the
CPU seconds of all of them and then the share of each. A street that the route uses twice
counts twice: the route is intersected piece by piece.
"""
import json
import sys
import time

import numpy as np
import shapely
from pyproj import Transformer

to_utm = Transformer.from_crs(4326, 32651, always_xy=True)


def plane(line):
    line = np.array(line)
    return np.stack(to_utm.transform(line[:, 0], line[:, 1]), -1)


walks = [json.loads(line) for line in sys.stdin]
to_utm.transform([121.4], [31.2])
begin = time.process_time()
shares = []
for walk in walks:
    track = shapely.MultiLineString([plane(line) for line in walk["track"]])
    area = shapely.buffer(track, walk["corridor_m"], quad_segs=8)
    pieces = []
    for line in walk["route"]:
        xy = plane(line)
        pieces.extend(shapely.linestrings(np.stack([xy[:-1], xy[1:]], 1)))
    pieces = np.array(pieces)
    inside = shapely.length(shapely.intersection(area, pieces)).sum()
    shares.append(inside / shapely.length(pieces).sum())
print(time.process_time() - begin)
for share in shares:
    print(f"{share:.9f}")
