class Panic(BaseException):
    pass


raise Panic("a module in another language has panicked")
