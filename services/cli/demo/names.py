"""Names of people and firms that do not exist, for the demo bank: pinyin or English before the Chinese."""

from random import Random


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """ "Lin 林, Zhao 赵" as pairs."""
    return tuple((both.rsplit(" ", 1)[0], both.rsplit(" ", 1)[1]) for both in text.split(", "))


FAMILY = _pairs(
    "Lin 林, Zhao 赵, Chen 陈, Wu 吴, Xu 徐, Sun 孙, Ma 马, Gao 高, "
    "He 何, Luo 罗, Liang 梁, Song 宋, Tang 唐, Han 韩, Feng 冯, Yu 于"
)
GIVEN = _pairs(
    "Yuehua 月华, Jianing 佳宁, Wenbo 文博, Xiaolan 晓兰, Haoran 浩然, Qiuyue 秋月, Zhiyuan 志远, "
    "Meilin 美琳, Chengyu 成玉, Ruoxi 若溪, Guangming 光明, Shuhua 淑华, Tianyi 天一, Yichen 奕辰"
)
ENGLISH = _pairs(
    "Clara Whitfield, Edmund Ashdown, Harriet Penhallow, Jasper Merriweather, Lydia Thornbury, Rowan Larkspur, "
    "Miriam Holloway, Tobias Fairbrother, Imogen Quillon, Felix Winterbourne, Beatrix Marlowe, Silas Greenaway"
)
FIRM = _pairs(
    "Red Pine 红松, Clear Spring 清泉, Stone Bridge 石桥, Golden Wheat 金麦, East Gate 东门, "
    "White Crane 白鹤, Long River 长河, Bamboo Hill 竹山, Morning Star 晨星, Blue Harbour 蓝港"
)
TRADE = {
    "enterprise": _pairs("Textiles 纺织, Foods 食品, Machinery 机械, Logistics 物流, Paper 纸业"),
    "public_body": _pairs("District School 区学校, Water Works 水务局, City Library 市图书馆"),
    "peer_institution": _pairs("Rural Credit 农信, Leasing 租赁, Savings House 储蓄"),
    "group": _pairs("Holdings 控股, Group 集团"),
}


def person(random: Random) -> str:
    """Two in three have a Chinese name in both scripts, the others an English one."""
    if random.random() < 2 / 3:
        family, given = random.choice(FAMILY), random.choice(GIVEN)
        return f"{family[0]} {given[0]} {family[1]}{given[1]}"
    return f"{random.choice(ENGLISH)[0]} {random.choice(ENGLISH)[1]}"


def organisation(kind: str, random: Random) -> str:
    """A firm or body of one of the other kinds of customer."""
    firm, trade = random.choice(FIRM), random.choice(TRADE[kind])
    return f"{firm[0]} {trade[0]} {firm[1]}{trade[1]}"
