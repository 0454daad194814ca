"""The classes of scenes, one plan each."""

from pir_mm.datasets.scenes.kinds.airport import airport
from pir_mm.datasets.scenes.kinds.beach import beach
from pir_mm.datasets.scenes.kinds.bridge import bridge
from pir_mm.datasets.scenes.kinds.dense_residential import dense_residential
from pir_mm.datasets.scenes.kinds.desert import desert
from pir_mm.datasets.scenes.kinds.farmland import farmland
from pir_mm.datasets.scenes.kinds.forest import forest
from pir_mm.datasets.scenes.kinds.golf_course import golf_course
from pir_mm.datasets.scenes.kinds.parking import parking
from pir_mm.datasets.scenes.kinds.port import port
from pir_mm.datasets.scenes.kinds.railway_station import railway_station
from pir_mm.datasets.scenes.kinds.roundabout import roundabout
from pir_mm.datasets.scenes.kinds.sparse_residential import sparse_residential
from pir_mm.datasets.scenes.kinds.stadium import stadium
from pir_mm.datasets.scenes.kinds.storage_tanks import storage_tanks
from pir_mm.datasets.scenes.kinds.wind_farm import wind_farm

__all__ = [
    'airport',
    'beach',
    'bridge',
    'dense_residential',
    'desert',
    'farmland',
    'forest',
    'golf_course',
    'parking',
    'port',
    'railway_station',
    'roundabout',
    'sparse_residential',
    'stadium',
    'storage_tanks',
    'wind_farm',
]
