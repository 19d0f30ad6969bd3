"""Rows like those of MSAgent-Bench, made up from a seed, to measure with.

    python bench/msagent_rows.py ROWS OUT.jsonl [SEED]

Each has a persona, one to three plugins of some 300 as numbered JSON lines, and one to three
questions, nearly all with a call, its result and a reply; a tenth calls nothing. Half are Chinese.
Words are drawn by Zipf's law, with numbers, links, keys and names that hardly ever come again.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

APIS = 300
_PERSONA = {
    "en": "You are an assistant that answers questions and may call the plugins below. To call "
    "one, write a JSON with `api_name`, `url` and `parameters` between <|startofthink|> and "
    "<|endofthink|>. The plugins are as follows:",
    "zh": "1. 你是一个能够回答问题、也可以调用插件的智能助手。2. 需要调用插件时，请生成包含"
    "api_name、url、parameters三个字段的JSON，放在<|startofthink|>与<|endofthink|>之间。"
    "当前对话可以使用的插件信息如下，请自行判断是否需要调用：",
}
_ENGLISH = """
the of to and a in is it you that for on are with as be at this have from or by not but what all
were when we there can an your which their if do will each about how up out them then she many some
so these would other into has more two like him see time could no make than first been its who now
people my made over did down only way find use may water long little very after words called just
where most know get through back much go good new write our me man too any day same right look
think also around another came come work three word must because does part even place well such
here take why things help put years different away again off went old number great tell men say
small every found still between name should home big give air line set own under read last never us
left end along while might next sound below saw something thought both few those always looked show
large often together asked house world going want school important until form food keep children
feet land side without boy once animals life enough took sometimes four head above kind began almost
live page got earth need far hand high year mother light parts country father let night following
picture being study second eyes soon times story boys since white days ever paper hard near sentence
better best across during today others however sure means knew try told young miles sun ways thing
whole hear example heard several change answer room sea against top turned learn point city play
toward five using himself usually money seen car morning given order price weather hotel flight
ticket image video music translate schedule account balance address delivery recommend summary
"""
_CHINESE = """
我们 你们 请问 帮我 查询 一下 今天 明天 天气 城市 北京 上海 杭州 深圳
广州 成都 的 了 是 在 有 和 不 这 那 就 也 都
可以 需要 根据 结果 显示 您好 推荐 商品 价格 酒店 机票 航班 音乐 视频
图片 生成 翻译 文本 分析 情感 积极 消极 识别 语音 合成 模型 数据 地址
时间 订单 快递 物流 预订 取消 账户 余额 银行 股票 基金 新闻 体育 比赛
电影 餐厅 美食 菜谱 做法 材料 步骤 健康 医院 医生 药品 学校 课程 老师
学生 考试 成绩 论文 写作 故事 主题 人物 风格 描述 介绍 总结 关键词 公司
地区 国家 政府 经济 政策 发展 技术 科学 研究 系统 服务 用户 问题 回答
信息 内容 方法 使用 功能 支持 提供 包括 以及 如果 因为 所以 但是 然后
最后 首先 其次 非常 比较 一些 很多 全部 其他 相关 重要 不同 新的 最近
目前 已经 正在 将会 应该 能够 希望 感谢 欢迎 祝您 愉快 旅行 路线 交通
地铁 出租车 停车 导航 距离 公里 分钟 小时 周末 节日 活动 门票 景点 公园
博物馆 历史 文化 艺术 设计 颜色 尺寸 品牌 手机 电脑 相机
"""
_SYLLABLES = "ka ri mo ten sol ver lan dis pre con ta lo men tra si ble cor pa ne gra"


class _Writer:
    """Draws words, values and plugins from one stream of chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        rare = ["".join(self.random.choices(_SYLLABLES.split(), k=3)) for _ in range(20_000)]
        self._words = {"en": [*_ENGLISH.split(), *rare], "zh": _CHINESE.split()}
        self._odds = {
            language: list(accumulate(1 / (n + 3) for n in range(len(words))))
            for language, words in self._words.items()
        }
        self.plugins = [self.plugin("zh" if n % 2 else "en", n) for n in range(APIS)]

    def words(self, language: str, least: int, most: int) -> Sequence[str]:
        return self.random.choices(
            self._words[language],
            cum_weights=self._odds[language],
            k=self.random.randint(least, most),
        )

    def sentence(self, language: str, least: int = 8, most: int = 24) -> str:
        words = list(self.words(language, least, most))
        if self.random.random() < 0.3:
            words.insert(self.random.randrange(len(words)), str(self.random.randrange(10**6)))
        if language == "zh":
            middle = self.random.randrange(len(words))
            return "".join(words[:middle]) + "，" + "".join(words[middle:]) + "。"
        return " ".join(words).capitalize() + self.random.choice(".?.!")

    def text(self, language: str, least: int, most: int) -> str:
        sentences = self.random.randint(least, most)
        return ("" if language == "zh" else " ").join(
            self.sentence(language) for _ in range(sentences)
        )

    def name(self) -> str:
        return "_".join(self.words("en", 1, 3))

    def link(self) -> str:
        key = f"{self.random.getrandbits(64):016x}"
        return f"http://{self.name().replace('_', '-')}.example.com/{key}/{self.name()}.png"

    def value(self, language: str) -> Any:
        match self.random.randrange(5):
            case 0:
                return self.link()
            case 1:
                return str(self.random.randrange(10**6))
            case 2:
                return f"{self.random.getrandbits(48):012X}"
            case _:
                return self.sentence(language, 3, 12)

    def plugin(self, language: str, number: int) -> dict[str, Any]:
        name = f"{self.name()}_{number}"
        url = f"http://{self.random.randrange(10, 99)}.10.64.200:5{number:03d}/{name}"
        parameters = [
            {
                "name": self.name(),
                "description": self.sentence(language, 4, 10),
                "required": self.random.choice(["True", "False"]),
            }
            for _ in range(self.random.randint(1, 4))
        ]
        path = {
            "name": name,
            "model_id": f"/damo/{name}",
            "method": "post",
            "description": self.sentence(language),
            "parameters": parameters,
        }
        schema = {
            "name": name,
            "description": self.sentence(language, 10, 30),
            "url": url,
            "paths": [path],
        }
        return {
            "plugin_name": name,
            "plugin_owner": "ModelScopeGPT",
            "plugin_type": "default",
            "plugin_schema_for_model": schema,
        }

    def row(self, number: int) -> dict[str, Any]:
        language = "zh" if number % 2 else "en"
        offered = self.random.sample(self.plugins, self.random.randint(1, 2))
        lines = [
            f"{n}. {json.dumps(plugin, ensure_ascii=False)}" for n, plugin in enumerate(offered, 1)
        ]
        system = "\n\n".join([_PERSONA[language], *lines])
        turns = [{"from": "system", "value": system}]
        for _ in range(self.random.randint(1, 2)):
            turns.append({"from": "user", "value": self.text(language, 1, 3)})
            calls = self.random.random() < 0.9
            reply = self.text(language, 1, 4)
            turns.append(
                {
                    "from": "assistant",
                    "value": self.call(language, offered) + reply if calls else reply,
                }
            )
        return {"id": f"MS_Agent_Bench_{number}", "conversations": turns}

    def call(self, language: str, offered: Sequence[dict[str, Any]]) -> str:
        schema = self.random.choice(offered)["plugin_schema_for_model"]
        parameters = {p["name"]: self.value(language) for p in schema["paths"][0]["parameters"]}
        call = {"api_name": schema["name"], "url": schema["url"], "parameters": parameters}
        result = {self.name(): self.value(language) for _ in range(self.random.randint(1, 3))}
        return (
            f"<|startofthink|>```JSON\n{json.dumps(call, ensure_ascii=False)}\n"
            f"```<|endofthink|>\n\n<|startofexec|>```JSON\n"
            f"{json.dumps(result, ensure_ascii=False)}\n```<|endofexec|>\n"
        )


def write_rows(rows: int, path: Path, seed: int = 0) -> None:
    """Write so many rows as JSONL; the same for the same seed."""
    writer = _Writer(seed)
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            file.write(json.dumps(writer.row(number), ensure_ascii=False) + "\n")


def write_messages(rows: int, path: Path, seed: int = 0) -> None:
    """The same rows as {"messages": [{"role", "content"}]}, which every library reads."""
    writer = _Writer(seed)
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            turns = writer.row(number)["conversations"]
            messages = [{"role": turn["from"], "content": turn["value"]} for turn in turns]
            file.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write_rows(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
